// Second pass of a product whose k was split: adds the sums of all shares in the order of the shares, and what is fused.
//   C[i] = act(sum_s shares[s, i] + bias[i mod n]) (+ C[i])
// One thread a value; dispatch ceil(m * n / 64), folded.
// use: grid
struct Params {
  size: u32,         // m * n
  n: u32,
  shares: u32,
  bias: u32, relu: u32,
  accumulate: u32,   // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;       // [shares, m, n]
@group(0) @binding(2) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;  // [m, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  var sum = 0.0;
  for (var share = 0u; share < p.shares; share++) { sum += sums[share * p.size + i]; }
  if (p.bias == 1) { sum += bias[i % p.n]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
  if (p.accumulate == 1) { sum += out[i]; }
  out[i] = sum;
}
