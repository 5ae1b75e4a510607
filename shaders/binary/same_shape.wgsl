// out[i] = f(a[i], b[i]) for tensors of one shape.  One element at a time; dispatch ceil(size / (64 each)), folded.
// The common case (sums of gradients, residual connections): no index arithmetic, one load for each operand.
// use: elements, binary
const FN: u32 = 0;
struct Params { size: u32, each: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read> b: array<f32>;           // [size]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = binary(FN, a[i], b[i]);
}
