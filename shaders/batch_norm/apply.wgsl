// y = act(gamma (x - mean) / sqrt(variance + epsilon) + beta + residual) by channel; padded rows count as normalised to 0
// in training.
// One thread takes one channel at 8 positions, so that what belongs to the channel is loaded once for 8 values;
// neighbouring threads take neighbouring channels. Dispatch ceil(ceil(rows * inner / 8) * c / 64), folded.
// use: grid, step, batch, batch_norm
const POSITIONS: u32 = 8;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [rows, inner, c]
@group(0) @binding(3) var<storage, read> statistics: array<f32>;   // [2, c] mean, 1 / sqrt(variance + epsilon)
@group(0) @binding(4) var<storage, read> gamma: array<f32>;        // [c]
@group(0) @binding(5) var<storage, read> beta: array<f32>;         // [c]
@group(0) @binding(6) var<storage, read> residual: array<f32>;     // [rows, inner, c]; any buffer without residual
@group(0) @binding(7) var<storage, read_write> y: array<f32>;      // [rows, inner, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let first = i / p.c * POSITIONS;
  let last = min(first + POSITIONS, p.rows * p.inner);
  let valid = valid_positions(step.rows);
  let c = i % p.c;
  let mean = statistics[c];
  let scale = statistics[p.c + c] * gamma[c];
  let shift = beta[c];
  for (var position = first; position < last; position++) {
    let at = position * p.c + c;
    var value = select(0.0, (x[at] - mean) * scale + shift, position < valid);
    if (p.residual == 1) { value += residual[at]; }
    // Not max(value, 0): that would turn a NaN into 0 and hide it.
    if (p.relu == 1) { value = select(value, 0.0, value <= 0.0); }
    y[at] = value;
  }
}
