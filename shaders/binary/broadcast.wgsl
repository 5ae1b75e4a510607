// out[i] = f(a, b) with NumPy broadcasting: a and b are addressed by strides, 0 along the axes they are repeated over.
// One thread an element of out (at most 6 axes after neighbours are merged); dispatch ceil(size / 64), folded.
// use: grid, binary, strided
const FN: u32 = 0;
struct Params {
  size: u32,
  rank: u32,
  unused0: u32, unused1: u32,
  axes: array<vec4u, 6>,   // innermost first: (extent, stride of a, stride of b, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  let at = strided(i);
  out[i] = binary(FN, a[at.x], b[at.y]);
}
