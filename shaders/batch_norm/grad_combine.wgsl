// Gradients of beta and gamma: the shares of the first pass added up in a fixed order; a later slice adds to what is
// there. One thread a channel; dispatch ceil(c / 64).
// use: grid, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> shares: array<vec2f>;       // [parts, c] of beta, of gamma
@group(0) @binding(2) var<storage, read_write> dgamma: array<f32>;   // [c]
@group(0) @binding(3) var<storage, read_write> dbeta: array<f32>;    // [c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_thread(gid, groups, 64);
  if (c >= p.c) { return; }
  var sums = vec2f(0.0);
  if (p.base > 0) { sums = vec2f(dbeta[c], dgamma[c]); }
  for (var part = 0u; part < p.parts; part++) { sums += shares[part * p.c + c]; }
  dbeta[c] = sums.x;
  dgamma[c] = sums.y;
}
