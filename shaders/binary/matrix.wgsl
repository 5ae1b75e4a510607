// out[r, c] = f(a, b) where each operand is a whole matrix, a row, a column or one number: what is left of most
// broadcasts (a bias, a scale for each channel) when neighbouring axes are merged. One division instead of a loop.
// One element of out at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, binary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  columns: u32,
  a_row: u32, a_column: u32,   // strides, 0 where a is repeated
  b_row: u32, b_column: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size / columns, columns]

fn element(i: u32) {
  let row = i / p.columns;
  let column = i - row * p.columns;
  out[i] = binary(FN, a[row * p.a_row + column * p.a_column], b[row * p.b_row + column * p.b_column]);
}
