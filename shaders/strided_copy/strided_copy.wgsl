// out[i] = scale * x[base + steps along the axes of out]: permuted, cut out or repeated, whatever the steps say.
// One thread an element of out; dispatch ceil(size / 64), folded.
// use: grid, strided
struct Params {
  size: u32,
  rank: u32,
  base: u32,
  scale: f32,
  axes: array<vec4u, 6>,   // of out, innermost first: (extent, step in x, 0, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i < p.size) { out[i] = p.scale * x[p.base + strided(i).x]; }
}
