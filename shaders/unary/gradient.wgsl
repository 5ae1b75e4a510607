// dx[i] = dy[i] f'(x[i]), from the function's operand x or its result y (`saved`), whichever is cheaper.
// One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  alpha: f32, beta: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> saved: array<f32>;       // [size], x or y
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [size]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = unary_gradient(FN, saved[i], dy[i], p.alpha, p.beta);
}
