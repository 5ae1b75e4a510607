// dx[o, l, i] = dy[o, i] where l = index[o, i], the place of the maximum (minimum), else 0.
// One element of dx at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params {
  size: u32, each: u32,
  length: u32, inner: u32,
  base: u32,   // l of the first row (slices)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> index: array<u32>;       // [outer, inner]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [outer, inner]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [outer, length, inner]

fn element(id: u32) {
  let row = id / p.inner;
  let o = row / p.length;
  let at = o * p.inner + id - row * p.inner;
  out[id] = select(0.0, dy[at], index[at] == row - o * p.length + p.base);
}
