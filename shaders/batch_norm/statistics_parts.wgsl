// Mean and sum of squared deviations of each channel, first pass: one thread takes one channel of one share of the
// positions, by Welford's recurrence, which does not cancel however large the mean is:
//   mean += (x - mean) / k;  squares += (x - mean_before) (x - mean)
// Neighbouring threads take neighbouring channels. Dispatch ceil(parts * c / 64), folded; statistics_combine is next.
// use: grid, step, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;               // [rows, inner, c]
@group(0) @binding(3) var<storage, read_write> shares: array<vec2f>;  // [parts, c] mean, squares

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.parts * p.c) { return; }
  let part = i / p.c;
  let size = share_size(part, valid_positions(step.rows));
  var at = part * p.per * p.c + i % p.c;
  var mean = 0.0;
  var squares = 0.0;
  for (var k = 0u; k < size; k++) {
    let deviation = x[at] - mean;
    mean += deviation / f32(k + 1);
    squares += deviation * (x[at] - mean);
    at += p.c;
  }
  shares[i] = vec2f(mean, squares);
}
