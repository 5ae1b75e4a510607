enable subgroups;
// The products of Winograd's convolution on a software adapter: for every position, tiles x channels times the
// transformed kernel, which is read through a uniform buffer.
//
//   M[position][tile][c] = sum_k V[position][tile][k] * U[position][k][c]
//
// tile:  one workgroup = one subgroup of 8 lanes: TM tiles x 32 QUADS channels, a lane owns 4 neighbouring channels of every
//        32. A lane loads four tiles' values of one k as a vec4, 8 lanes those of 8 k, which are then broadcast one after
//        another: a value loaded once serves all channels, a vec4 of the kernel all tiles.
// dispatch: p.positions * stride / TM workgroups, folded, for each block of 32 QUADS channels and each window of 64 KiB into U:
//        either several whole positions, or part of one's k (then all after the first set `accumulate`).
// needs: subgroups of SG lanes; stride a multiple of TM and k padded to a multiple of SG: nothing is checked.
// good for: software adapters. instead: product_tile.wgsl on GPUs, and for channels that are no multiple of 4.
const SG: u32 = 8;
const QUADS: u32 = 2;      // vec4s of channels a lane: 2 where that leaves no lane idle
const TM: u32 = 16;        // tiles a workgroup
const WSIZE: u32 = 4096;   // vec4s bound: always all 64 KiB, so that pipelines stay few

struct Params {
  stride: u32,      // tiles from position to position
  padded: u32,      // channels k in V
  quads: u32,       // vec4s of channels c in M
  position: u32,    // first position of this window
  positions: u32,
  k0: u32,          // first k of this window
  kBlocks: u32,     // its length / SG
  quad0: u32,       // first vec4 of channels
  accumulate: u32,  // 1: add to what M holds
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> v: array<vec4f>;        // [positions, stride / 4, padded] x 4 tiles
@group(0) @binding(2) var<uniform> u: array<vec4f, WSIZE>;       // [p.positions, kBlocks * SG, QUADS, lane] x 4 channels
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;  // [positions, stride, quads]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let strips = p.stride / TM;
  let id = wid.x + wid.y * nwg.x;
  if (id >= strips * p.positions) { return; }  // the whole subgroup returns: uniform
  let position = id / strips;
  let row0 = (p.position + position) * p.stride + id % strips * TM;
  var acc: array<array<vec4f, TM>, QUADS>;
  for (var block = 0u; block < p.kBlocks; block++) {
    let k = p.k0 + block * SG + lane;
    var tiles: array<vec4f, TM / 4>;
    for (var r = 0u; r < TM / 4; r++) { tiles[r] = v[(row0 / 4 + r) * p.padded + k]; }
    var at = (position * p.kBlocks + block) * SG * SG * QUADS + lane;
    for (var i = 0u; i < SG; i++) {
      var w: array<vec4f, QUADS>;
      for (var q = 0u; q < QUADS; q++) { w[q] = u[at + q * SG]; }
      at += SG * QUADS;
      for (var r = 0u; r < TM / 4; r++) {
        let t = subgroupShuffle(tiles[r], i);  // value i of the block for four tiles, the same in all lanes
        for (var q = 0u; q < QUADS; q++) {
          acc[q][4 * r] += t.x * w[q];
          acc[q][4 * r + 1] += t.y * w[q];
          acc[q][4 * r + 2] += t.z * w[q];
          acc[q][4 * r + 3] += t.w * w[q];
        }
      }
    }
  }
  for (var s = 0u; s < TM * QUADS; s++) {
    let o = (row0 + s / QUADS) * p.quads + p.quad0 + s % QUADS * SG + lane;
    var sum = acc[s % QUADS][s / QUADS];
    if (p.accumulate != 0) { sum += m[o]; }
    m[o] = sum;
  }
}
