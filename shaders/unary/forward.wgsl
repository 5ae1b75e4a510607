// out[i] = f(x[i]).  One thread an element; dispatch ceil(size / 64), folded.
// use: grid, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32,
  alpha: f32, beta: f32,   // what the function takes besides (slope, bounds, exponent)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i < p.size) { out[i] = unary(FN, x[i], p.alpha, p.beta); }
}
