// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A and B optionally stored transposed.
// The reference variant: one thread an element of C, one multiply-add for two loads. Every shape, every device.
// Dispatch ceil(m * n / 64), folded.
// use: grid
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  b_column: u32, b_step: u32,   // the same for B: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // [m, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.m * p.n) { return; }
  let row = i / p.n;
  let column = i % p.n;
  var sum = 0.0;
  for (var k = 0u; k < p.k; k++) {
    sum += a[row * p.a_row + k * p.a_step] * b[column * p.b_column + k * p.b_step];
  }
  if (p.bias == 1) { sum += bias[column]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
  if (p.accumulate == 1) { sum += out[i]; }
  out[i] = sum;
}
