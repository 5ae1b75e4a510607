// y[i] = alpha * x[i] + beta * y[i]; with beta = 0 whatever y held, NaN too, is forgotten.
// One thread an element; dispatch ceil(size / 64), folded.
// use: grid
struct Params { size: u32, alpha: f32, beta: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;         // [size]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  y[i] = p.alpha * x[i] + select(p.beta * y[i], 0.0, p.beta == 0.0);
}
