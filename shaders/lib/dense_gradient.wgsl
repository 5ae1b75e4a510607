// What the kernels for all gradients of a dense layer share: x [n, k], w [k, m], y and dy [n, m].
struct Params {
  n: u32, k: u32, m: u32,
  dx: u32, db: u32,       // 1: wanted
  mask: u32, scale: f32,  // 1: dy counts only where y is positive, there times the scale
  accumulate: u32,        // 1: add to what dw and db hold
}
