// Gradient with respect to x, with n positions and s = 1 / sqrt(variance + epsilon):
//   dx = gamma s (dy - (dbeta + (x - mean) s dgamma) / n) in training, where mean and variance depend on x,
//   dx = gamma s dy at inference; 0 for padded rows in training.
// One thread takes one channel at 8 positions. Dispatch ceil(ceil(rows * inner / 8) * c / 64), folded.
// use: grid, step, batch, batch_norm
const POSITIONS: u32 = 8;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [rows, inner, c]
@group(0) @binding(3) var<storage, read> dy: array<f32>;           // [rows, inner, c]
@group(0) @binding(4) var<storage, read> statistics: array<f32>;   // [2, c] mean, 1 / sqrt(variance + epsilon)
@group(0) @binding(5) var<storage, read> gamma: array<f32>;        // [c]
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;       // [c]
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;        // [c]
@group(0) @binding(8) var<storage, read_write> dx: array<f32>;     // [rows, inner, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let first = i / p.c * POSITIONS;
  let last = min(first + POSITIONS, p.rows * p.inner);
  let valid = valid_positions(step.rows);
  let c = i % p.c;
  let mean = statistics[c];
  let s = statistics[p.c + c];
  let scale = gamma[c] * s;
  var of_beta = 0.0;
  var of_gamma = 0.0;
  if (p.training == 1) {
    let n = f32(valid_rows(step.rows, p.total) * p.inner);
    of_beta = dbeta[c] / n;
    of_gamma = s * dgamma[c] / n;
  }
  for (var position = first; position < last; position++) {
    let at = position * p.c + c;
    dx[at] = select(0.0, scale * (dy[at] - of_beta - (x[at] - mean) * of_gamma), position < valid);
  }
}
