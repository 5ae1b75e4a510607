enable subgroups;
// Matrix product with the right-hand matrix in a pair of uniform buffers, four values of k for each lane.
//
//   C[m,n] = act( bias[n] + sum_k A[m,k] * B[k,n] )
//
// B is repacked first (conv2d/repack_uniform.wgsl with kh = kw = 1): FLIP 0, red = K, out = N for A B; FLIP 1 for
// A B^T, where B is stored [N, K] (the input gradient of a dense layer: dX = dY W^T).
//
// tile:  one workgroup = one subgroup of 8 lanes: 16 rows x 2 blocks of 32 columns, of which a lane owns 4 neighbouring
//        ones. For 32 values of k a row of A is loaded as one vec4 a lane and broadcast k after k: a value serves 64
//        columns, a value of B (vec4 from a uniform buffer, the cheapest load lavapipe has) 16 rows. A sum takes two
//        products before it goes back to the stack; with four, the text outgrows the processor's caches.
// dispatch: ceil(m/16) * blocks workgroups (folded to 2-D) for each pair of windows of 64 KiB on the packed B. A window shows
//        as many blocks of 32 columns as it holds whole, or one slice of k of one block (512 values). Slices after the
//        first set `accumulate`, only the last bias and relu.
// needs: subgroups of SG lanes; k and n multiples of 4.
// good for: software adapters. instead: strip.wgsl for other k and n; grad_strip.wgsl for A^T B; a register tile on GPUs.

const SG: u32 = 8;
const TM: u32 = 16;        // rows a tile
const WSIZE: u32 = 4096;   // vec4s bound: always all 64 KiB, so that pipelines stay few

struct Params {
  m: u32, n: u32, k: u32,
  k0: u32,          // first k of this slice
  kBlocks: u32,     // its length / (4 * SG), rounded up
  n0: u32,          // first column of the left window
  blocks: u32,      // blocks of 4 * SG columns in each window; the right one goes on where the left one ends
  blockStride: u32, // vec4s from block to block
  accumulate: u32,  // 1: add to what c holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;           // [m, k / 4]
@group(0) @binding(2) var<uniform> left: array<vec4f, WSIZE>;       // [blocks, kBlocks * 4 * SG, lane] x 4 columns
@group(0) @binding(3) var<uniform> right: array<vec4f, WSIZE>;      // the same; any window when it lies behind column n
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;        // [n / 4]; any buffer when p.bias = 0
@group(0) @binding(5) var<storage, read_write> c: array<vec4f>;     // [m, n / 4]

alias Rows = array<vec4f, TM>;

// Adds the products of two of lane u's four values of k of each row: the first two, or the last two.
fn add(acc: ptr<function, Rows>, rows: ptr<function, Rows>, u: u32, last: bool, b0: vec4f, b1: vec4f) {
  for (var r = 0u; r < TM; r++) {
    let pair = select((*rows)[r].xy, (*rows)[r].zw, last);
    (*acc)[r] = (*acc)[r] + subgroupShuffle(pair.x, u) * b0 + subgroupShuffle(pair.y, u) * b1;
  }
}

fn put(acc: ptr<function, Rows>, m0: u32, col: u32) {
  if (col >= p.n) { return; }
  let shift = select(vec4f(), bias[select(0u, col / 4, p.bias != 0)], p.bias != 0);
  // Another array, which may be indexed by a variable, for a loop that stays rolled, since it counts from m0: the driver
  // takes long to compile loads and stores, and `acc` would no longer be in registers.
  var sums: Rows;
  for (var r = 0u; r < TM; r++) { sums[r] = (*acc)[r] + shift; }
  for (var row = m0; row < min(m0 + TM, p.m); row++) {
    let o = (row * p.n + col) / 4;
    var v = sums[row - m0];
    if (p.accumulate != 0) { v += c[o]; }
    if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
    c[o] = v;
  }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let tiles = (p.m + TM - 1) / TM;
  let id = wid.x + wid.y * nwg.x;
  if (id >= tiles * p.blocks) { return; }  // the whole subgroup returns: uniform
  let m0 = (id % tiles) * TM;
  let block = id / tiles;
  var accLeft: Rows;
  var accRight: Rows;
  let end = min(m0 + TM, p.m);
  var rows: Rows;  // past the end anything: those sums are not stored
  for (var kb = 0u; kb < p.kBlocks; kb++) {
    let k = p.k0 + (kb * SG + lane) * 4;
    // Counted from m0, which no compiler knows, the loop stays rolled: 16 loads written out take seconds to compile.
    for (var row = m0; row < end; row++) {
      rows[row - m0] = select(vec4f(), a[select(0u, (row * p.k + k) / 4, k < p.k)], k < p.k);
    }
    var at = block * p.blockStride + kb * SG * 4 * SG + lane;
    for (var u = 0u; u < SG; u++) {
      add(&accLeft, &rows, u, false, left[at], left[at + SG]);
      add(&accLeft, &rows, u, true, left[at + 2 * SG], left[at + 3 * SG]);
      add(&accRight, &rows, u, false, right[at], right[at + SG]);
      add(&accRight, &rows, u, true, right[at + 2 * SG], right[at + 3 * SG]);
      at += 4 * SG;
    }
  }
  let col = p.n0 + (block * SG + lane) * 4;
  put(&accLeft, m0, col);
  put(&accRight, m0, col + p.blocks * SG * 4);
}
