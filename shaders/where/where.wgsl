// out = condition != 0 ? a : b with NumPy broadcasting: each operand is addressed by strides, 0 where it is repeated.
// One element of out at a time (at most 6 axes after neighbours are merged); dispatch ceil(size / (64 each)), folded.
// use: elements, strided
struct Params {
  size: u32, each: u32,
  rank: u32,
  unused: u32,
  axes: array<vec4u, 6>,   // innermost first: (extent, strides of condition, a, b)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> condition: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  let at = strided(i);
  out[i] = select(a[at.y], b[at.z], condition[at.x] == 0.0);
}
