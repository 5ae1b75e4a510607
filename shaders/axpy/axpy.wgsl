// y[i] = alpha * x[i] + beta * y[i]; with beta = 0 whatever y held, NaN too, is forgotten.
// One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params { size: u32, each: u32, alpha: f32, beta: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;         // [size]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;   // [size]

fn element(i: u32) {
  y[i] = p.alpha * x[i] + select(p.beta * y[i], 0.0, p.beta == 0.0);
}
