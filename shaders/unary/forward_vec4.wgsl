// out[i] = f(x[i]).  Four elements at a time: a fourth of the index arithmetic and of the checks of bounds. Needs
// size % 4 == 0, p.size counts fours. Dispatch ceil(size / (64 each)), folded.
// use: elements, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  alpha: f32, beta: f32,   // what the function takes besides (slope, bounds, exponent)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;           // [size]
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;   // [size]

fn element(i: u32) {
  let v = x[i];
  out[i] = vec4f(
    unary(FN, v.x, p.alpha, p.beta),
    unary(FN, v.y, p.alpha, p.beta),
    unary(FN, v.z, p.alpha, p.beta),
    unary(FN, v.w, p.alpha, p.beta),
  );
}
