// out[i] = f(a, b) with NumPy broadcasting: a and b are addressed by strides, 0 along the axes they are repeated over.
// One element of out at a time (at most 6 axes after neighbours are merged); dispatch ceil(size / (64 each)), folded.
// use: elements, binary, strided
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  rank: u32,
  unused: u32,
  axes: array<vec4u, 6>,   // innermost first: (extent, stride of a, stride of b, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  let at = strided(i);
  out[i] = binary(FN, a[at.x], b[at.y]);
}
