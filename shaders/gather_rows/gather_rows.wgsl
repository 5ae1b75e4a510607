// out[i, w] = table[indices[i], w]; NaN where an index lies outside of the table, so that the mistake is seen.
// One element of out at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params {
  size: u32, each: u32,   // count * width
  rows: u32, width: u32,
  nan_bits: u32,   // shaders cannot write a NaN
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;       // [rows, width]
@group(0) @binding(2) var<storage, read> indices: array<u32>;     // [count]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [count, width]

fn element(id: u32) {
  let i = id / p.width;
  let row = indices[i];
  let inside = row < p.rows;
  out[id] = select(bitcast<f32>(p.nan_bits), table[select(0u, row * p.width + id - i * p.width, inside)], inside);
}
