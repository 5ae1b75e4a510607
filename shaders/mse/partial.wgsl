// partial[t] = sum of (a - b)^2 / (valid rows * width) over every parts-th element of the valid rows, from t on.
// reduce/sum.wgsl adds up the partial sums in order. One thread a partial sum; dispatch ceil(parts / 64), folded.
// use: grid, step, batch
struct Params {
  rows: u32, width: u32,
  base: u32,    // number of the first row in the batch (slices)
  total: u32,   // rows of the batch
  parts: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> a: array<f32>;               // [rows, width]
@group(0) @binding(3) var<storage, read> b: array<f32>;               // [rows, width]
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;   // [parts]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_thread(gid, groups, 64);
  if (t >= p.parts) { return; }
  let valid = valid_rows(step.rows, p.total);
  let end = min(max(valid, p.base) - p.base, p.rows) * p.width;
  var sum = 0.0;
  for (var i = t; i < end; i += p.parts) {
    let difference = a[i] - b[i];
    sum += difference * difference;
  }
  partial[t] = sum / f32(valid * p.width);
}
