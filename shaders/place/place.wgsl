// out[o, start + i] = x[o, i]: writes a block of columns and leaves the others (concatenation).
// One element of x at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params {
  size: u32, each: u32,
  width: u32,
  out_width: u32, start: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [rows, width]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [rows, out_width]

fn element(i: u32) {
  let row = i / p.width;
  out[row * p.out_width + p.start + i - row * p.width] = x[i];
}
