// Mean and 1 / sqrt(variance + epsilon) of each channel from the shares of the first pass, joined in a fixed order
// (Chan, Golub and LeVeque, 1979):  squares = squares_a + squares_b + (mean_b - mean_a)^2 n_a n_b / (n_a + n_b)
// and the running statistics. After a slice that is not the last, `statistics` holds mean and squares so far.
// At inference both come from the running statistics. One thread a channel; dispatch ceil(c / 64).
// use: grid, step, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> shares: array<vec2f>;                 // [parts, c] mean, squares
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;         // [2, c]
@group(0) @binding(4) var<storage, read_write> running_mean: array<f32>;       // [c]
@group(0) @binding(5) var<storage, read_write> running_variance: array<f32>;   // [c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_thread(gid, groups, 64);
  if (c >= p.c) { return; }
  if (p.training == 0) {
    statistics[c] = running_mean[c];
    statistics[p.c + c] = 1.0 / sqrt(running_variance[c] + p.epsilon);
    return;
  }
  var count = 0.0;
  var mean = 0.0;
  var squares = 0.0;
  if (p.base > 0) {
    count = f32(min(p.base, valid_rows(step.rows, p.total)) * p.inner);
    mean = statistics[c];
    squares = statistics[p.c + c];
  }
  let positions = valid_positions(step.rows);
  for (var part = 0u; part < p.parts; part++) {
    let size = f32(share_size(part, positions));
    if (size > 0.0) {
      let share = shares[part * p.c + c];
      let delta = share.x - mean;
      let sum = count + size;
      mean += delta * (size / sum);
      squares += share.y + delta * delta * (count * (size / sum));
      count = sum;
    }
  }
  statistics[c] = mean;
  if (p.base + p.rows < p.total) {
    statistics[p.c + c] = squares;
    return;
  }
  let variance = squares / count;
  statistics[p.c + c] = 1.0 / sqrt(variance + p.epsilon);
  running_mean[c] += (1.0 - p.momentum) * (mean - running_mean[c]);
  running_variance[c] += (1.0 - p.momentum) * (variance - running_variance[c]);
}
