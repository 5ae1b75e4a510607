// da = dy * 2 (a - b) / (valid rows * width) in the valid rows of the batch, 0 in its padding.
// One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, step, batch
struct Params {
  size: u32, each: u32,   // rows * width
  width: u32,
  base: u32,    // number of the first row in the batch (slices)
  total: u32,   // rows of the batch
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> a: array<f32>;           // [rows, width]
@group(0) @binding(3) var<storage, read> b: array<f32>;           // [rows, width]
@group(0) @binding(4) var<storage, read> dy: array<f32>;          // [1]
@group(0) @binding(5) var<storage, read_write> out: array<f32>;   // [rows, width]

fn element(i: u32) {
  let valid = valid_rows(step.rows, p.total);
  let gradient = dy[0] * 2.0 * (a[i] - b[i]) / f32(valid * p.width);
  out[i] = select(0.0, gradient, p.base + i / p.width < valid);
}
