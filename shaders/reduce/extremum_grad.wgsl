// dx[o, l, i] = dy[o, i] where l = index[o, i], the place of the maximum (minimum), else 0.
// One thread an element of dx; dispatch ceil(outer * length * inner / 64), folded.
// use: grid
struct Params {
  size: u32,
  length: u32, inner: u32,
  base: u32,   // l of the first row (slices)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> index: array<u32>;       // [outer, inner]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [outer, inner]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [outer, length, inner]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.size) { return; }
  let row = id / p.inner;
  let o = row / p.length;
  let at = o * p.inner + id - row * p.inner;
  out[id] = select(0.0, dy[at], index[at] == row - o * p.length + p.base);
}
