// out[i, w] = table[indices[i], w]; NaN where an index lies outside of the table, so that the mistake is seen.
// One thread an element of out; dispatch ceil(count * width / 64), folded.
// use: grid
struct Params {
  rows: u32, width: u32, count: u32,
  nan_bits: u32,   // shaders cannot write a NaN
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;       // [rows, width]
@group(0) @binding(2) var<storage, read> indices: array<u32>;     // [count]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [count, width]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.count * p.width) { return; }
  let i = id / p.width;
  let row = indices[i];
  let inside = row < p.rows;
  out[id] = select(bitcast<f32>(p.nan_bits), table[select(0u, row * p.width + id - i * p.width, inside)], inside);
}
