// Repack a convolution kernel, HWIO, into the slices that strip.wgsl reads through a uniform buffer.
//
//   forward (FLIP 0):  out[block][slice][ci][kh][kw][c]  = W[kh][kw][ci][block*CB + c]            a = ci, o = co
//   dX      (FLIP 1):  out[block][slice][co][kh][kw][c]  = W[KH-1-kh][KW-1-kw][block*CB + c][co]  a = co, o = ci
//
// `red` names the channels that are summed over and `out` those that come out: (cin, cout) forward, (cout, cin) for dX.
// CB = 32 output channels a block (4 for each of 8 lanes). Channels beyond the end are written as zeros, so the
// convolution needs no test for them. A slice holds sliceRed summed channels (a multiple of 8) and starts at a
// multiple of sliceStride floats (sliceRed*KH*KW*CB rounded up to a multiple of max(64, CB) floats: 256 bytes, an offset
// a binding may have, and whole runs).  With KH = KW = 1 it packs the right-hand matrix of matmul/strip.wgsl.
//
// dispatch: ceil(blocks * slices * sliceStride / (64 * CB)), folded to 2-D. One thread writes a run of CB floats: the
//        integer divisions of the address are the dear part, so they are done once a run.
// good for: lavapipe; run once after each weight update. Not coalesced: a GPU wants one float a thread.

const FLIP: u32 = 0;
const CB: u32 = 32;

struct Params {
  kh: u32,
  kw: u32,
  red: u32,          // channels summed over
  out: u32,          // channels that come out
  sliceRed: u32,     // summed channels in one slice
  sliceStride: u32,  // floats from slice to slice
  slices: u32,       // slices a block
  total: u32,        // floats written: blocks * slices * sliceStride
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> kernel: array<f32>;        // [kh, kw, cin, cout]
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;  // [block, slice, sliceStride]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) t: u32) {
  let i = (wid.x + wid.y * nwg.x) * 64 + t;   // a run of CB floats
  if (i * CB >= p.total) { return; }
  let runs = p.sliceStride / CB;
  let slot = i / runs;                        // block * slices + slice
  let inSlice = i % runs;
  let kw = inSlice % p.kw;
  let kh = (inSlice / p.kw) % p.kh;
  let a = inSlice / (p.kw * p.kh);            // summed channel within the slice
  let block = slot / p.slices;
  let r = (slot % p.slices) * p.sliceRed + a;
  let runOk = a < p.sliceRed && r < p.red;
  // address of channel o is base + o * step
  var base = ((kh * p.kw + kw) * p.red + r) * p.out;
  var step = 1u;
  if (FLIP == 1) {
    base = ((p.kh - 1 - kh) * p.kw + (p.kw - 1 - kw)) * p.out * p.red + r;
    step = p.red;
  }
  for (var c = 0u; c < CB; c++) {
    let o = block * CB + c;
    let ok = runOk && o < p.out;
    packed[i * CB + c] = select(0.0, kernel[select(0u, base + o * step, ok)], ok);
  }
}
