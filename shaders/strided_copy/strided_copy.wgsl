// out[i] = scale * x[base + steps along the axes of out]: permuted, cut out or repeated, whatever the steps say.
// One element of out at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, strided
struct Params {
  size: u32, each: u32,
  rank: u32,
  base: u32,
  scale: f32,
  unused0: u32, unused1: u32, unused2: u32,
  axes: array<vec4u, 6>,   // of out, innermost first: (extent, step in x, 0, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = p.scale * x[p.base + strided(i).x];
}
