// dx[i] = dy[i] f'(x[i]), from the function's operand x or its result y (`saved`), whichever is cheaper.
// Four elements at a time: a fourth of the index arithmetic and of the checks of bounds. Needs size % 4 == 0, p.size
// counts fours. Dispatch ceil(size / (64 each)), folded.
// use: elements, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  alpha: f32, beta: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> saved: array<vec4f>;       // [size], x or y
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;          // [size]
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;   // [size]

fn element(i: u32) {
  let s = saved[i];
  let g = dy[i];
  out[i] = vec4f(
    unary_gradient(FN, s.x, g.x, p.alpha, p.beta),
    unary_gradient(FN, s.y, g.y, p.alpha, p.beta),
    unary_gradient(FN, s.z, g.z, p.alpha, p.beta),
    unary_gradient(FN, s.w, g.w, p.alpha, p.beta),
  );
}
