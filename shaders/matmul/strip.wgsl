enable subgroups;
// Matrix product with the right-hand matrix in a uniform buffer.
//
//   C[m,n] = act( bias[n] + sum_k A[m,k] * B[k,n] )
//
// B is repacked first (conv2d/repack_uniform.wgsl with kh = kw = 1): FLIP 0, red = K, out = N for A B; FLIP 1 for
// A B^T, where B is stored [N, K] (the input gradient of a dense layer: dX = dY W^T).
//
// tile:  one workgroup = one subgroup of 8 lanes: TM rows x 32 columns, a lane owns 4 neighbouring columns. For 8 values
//        of k a row of A is loaded one k a lane (one load instruction for 8 x 8 uses) and broadcast k after k.
// dispatch: ceil(m/TM) workgroups (folded to 2-D) for each block of 32 columns and each slice of k that fits 64 KiB
//        (8 * 8 * kBlocks vec4s, at most 4096). Slices after the first set `accumulate`, only the last bias and relu.
// needs: subgroups of SG lanes.
// good for: software adapters. instead: grad_strip.wgsl for A^T B; a register tile on GPUs.

const SG: u32 = 8;
const TM: u32 = 16;        // rows a tile
const WSIZE: u32 = 4096;   // vec4s bound: always all 64 KiB, so that pipelines stay few

struct Params {
  m: u32, n: u32, k: u32,
  k0: u32,          // first k of this slice
  kBlocks: u32,     // its length / SG, rounded up
  n0: u32,          // first column of this block
  accumulate: u32,  // 1: add to what c holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<uniform> b: array<vec4f, WSIZE>;       // [kBlocks * SG, lane] x 4 columns
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> c: array<f32>;    // [m, n]

// one value of C: column col at address at
fn put(at: u32, col: u32, sum: f32) {
  if (col >= p.n) { return; }
  var v = sum;
  if (p.accumulate != 0) { v += c[at]; }
  if (p.bias != 0) { v += bias[col]; }
  if (p.relu != 0) { v = select(v, 0.0, v <= 0.0); }
  c[at] = v;
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let m0 = (wid.x + wid.y * nwg.x) * TM;
  if (m0 >= p.m) { return; }  // the whole subgroup returns: uniform
  var acc: array<vec4f, TM>;
  for (var block = 0u; block < p.kBlocks; block++) {
    let k = p.k0 + block * SG + lane;
    var rows: array<f32, TM>;
    for (var r = 0u; r < TM; r++) {
      let ok = k < p.k && m0 + r < p.m;
      rows[r] = select(0.0, a[select(0u, (m0 + r) * p.k + k, ok)], ok);
    }
    for (var u = 0u; u < SG; u++) {
      let bv = b[(block * SG + u) * SG + lane];
      for (var r = 0u; r < TM; r++) { acc[r] += subgroupShuffle(rows[r], u) * bv; }
    }
  }
  let col = p.n0 + lane * 4;
  // Another array, which may be indexed by a variable, for a loop that stays rolled, since it counts from m0: stores written
  // out take seconds to compile.
  var sums: array<vec4f, TM>;
  for (var r = 0u; r < TM; r++) { sums[r] = acc[r] + vec4f(); }
  for (var row = m0; row < min(m0 + TM, p.m); row++) {
    let o = row * p.n + col;
    let sum = sums[row - m0];
    put(o, col, sum.x);
    put(o + 1, col + 1, sum.y);
    put(o + 2, col + 2, sum.z);
    put(o + 3, col + 3, sum.w);
  }
}
