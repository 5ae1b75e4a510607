// out[o, start + i] = x[o, i]: writes a block of columns and leaves the others (concatenation).
// One thread an element of x; dispatch ceil(rows * width / 64), folded.
// use: grid
struct Params {
  rows: u32, width: u32,
  out_width: u32, start: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [rows, width]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [rows, out_width]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.rows * p.width) { return; }
  let row = i / p.width;
  out[row * p.out_width + p.start + i - row * p.width] = x[i];
}
