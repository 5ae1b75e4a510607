// Sums of dz and of dz (x - mean) / sqrt(variance + epsilon) by channel, the gradients of beta and gamma, first pass: one
// thread takes one channel of one share of the positions. dz = dy, or where a ReLU was fused dy where its result y is
// positive: then dz is kept, since the gradients of x and of what was added before the ReLU start from it too.
// Dispatch ceil(parts * c / 64), folded; grad_combine is next.
// use: grid, step, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;               // [rows, inner, c]
@group(0) @binding(3) var<storage, read> dy: array<f32>;              // [rows, inner, c]
@group(0) @binding(4) var<storage, read> y: array<f32>;               // [rows, inner, c]; any buffer without ReLU
@group(0) @binding(5) var<storage, read> statistics: array<f32>;      // [2, c] mean, 1 / sqrt(variance + epsilon)
@group(0) @binding(6) var<storage, read_write> dz: array<f32>;        // [rows, inner, c] with a ReLU
@group(0) @binding(7) var<storage, read_write> shares: array<vec2f>;  // [parts, c] of beta, of gamma

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.parts * p.c) { return; }
  let part = i / p.c;
  let c = i % p.c;
  let mean = statistics[c];
  let valid = share_size(part, valid_positions(step.rows));
  var at = part * p.per * p.c + c;
  var sums = vec2f(0.0);
  if (p.relu == 0) {
    for (var k = 0u; k < valid; k++) {
      sums += dy[at] * vec2f(1.0, x[at] - mean);
      at += p.c;
    }
  } else {
    // Padded rows have no share in the sums, but a gradient of what was added.
    let all = share_size(part, p.rows * p.inner);
    for (var k = 0u; k < all; k++) {
      let gradient = select(dy[at], 0.0, y[at] <= 0.0);
      dz[at] = gradient;
      sums += select(vec2f(0.0), gradient * vec2f(1.0, x[at] - mean), k < valid);
      at += p.c;
    }
  }
  shares[i] = vec2f(sums.x, sums.y * statistics[p.c + c]);
}
