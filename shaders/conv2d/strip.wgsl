enable subgroups;
// 2-D convolution, stride 1, forward; and, with flipped weights, its input gradient.
//
//   y[n,oy,ox,co] = act( bias[co] + sum_{kh,kw,ci} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * W[kh,kw,ci,co] )
//
// dX of a stride-1 convolution is the same sum: x := dY, weights repacked with FLIP = 1, cin and cout exchanged,
// h,w := the forward's oh,ow and oh,ow := the forward's h,w, padTop := KH-1-padTop, padLeft := KW-1-padLeft.
//
// tile:  one workgroup = one subgroup of 8 lanes. A lane owns 4 output channels (one vec4), a subgroup 32.
//        It accumulates SEGS row segments of COLS pixels each (rows counted through all images: n*oh + oy).
//        For 8 input channels and one kernel row it loads the segment's COLS+KW-1 inputs, one channel a lane, then
//        broadcasts channel after channel: a value loaded once serves KW taps and 32 output channels, a weight
//        (vec4 from a uniform buffer, the cheapest load lavapipe has) serves all pixels of the tile.
// dispatch: ceil(n*oh / SEGS) * ceil(ow / COLS) workgroups, folded to 2-D; one dispatch for each block of 32 output
//        channels and each slice of input channels that fits 64 KiB (slice sizes and layout: repack_uniform.wgsl).
//        Slices after the first set `accumulate`; only the last sets `bias` and `relu`.
// good for: lavapipe, where load instructions decide. On GPUs, workgroup-memory tiles win.
// needs: subgroups of SG lanes; cout a multiple of 4 (y is written as vec4: scalar stores cost a fifth to a third).
// instead:  stationary.wgsl for 4 to 9 taps; first_layer.wgsl below 8 input channels; other kernels for stride > 1 or very many slices (512 -> 512).

const SG: u32 = 8;          // lanes of the device's subgroups
const SEGS: u32 = 1;        // row segments a tile; more than 1 pays for very narrow pictures
const COLS: u32 = 14;       // pixels a segment
const KW: u32 = 3;          // kernel width; the height is free (p.kh)
const WSIZE: u32 = 4096;    // vec4s bound: always all 64 KiB, so that pipelines stay few
const IC: u32 = COLS + KW - 1;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  padTop: i32, padLeft: i32,
  ci0: u32,         // first input channel of this slice
  ciBlocks: u32,    // its channels / SG, rounded up
  co0: u32,         // first output channel of this block
  accumulate: u32,  // 1: add to what y holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [n, h, w, cin]
@group(0) @binding(2) var<uniform> weights: array<vec4f, WSIZE>; // [ciBlocks * SG, kh, KW, lane] x 4 output channels
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [cout]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [n, oh, ow, cout / 4]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let strips = (p.ow + COLS - 1) / COLS;
  let rows = p.n * p.oh;
  let id = wid.x + wid.y * nwg.x;
  if (id >= strips * ((rows + SEGS - 1) / SEGS)) { return; }  // the whole subgroup returns: uniform
  let ox0 = (id % strips) * COLS;
  let row0 = (id / strips) * SEGS;

  var acc: array<array<vec4f, COLS>, SEGS>;
  for (var block = 0u; block < p.ciBlocks; block++) {
    let ci = p.ci0 + block * SG + lane;
    for (var kh = 0u; kh < p.kh; kh++) {
      // one input channel a lane; outside the picture (or past the last channel) reads 0
      var xs: array<array<f32, IC>, SEGS>;
      for (var s = 0u; s < SEGS; s++) {
        let row = row0 + s;
        let iy = i32(row % p.oh + kh) - p.padTop;
        let rowOk = row < rows && iy >= 0 && iy < i32(p.h) && ci < p.cin;
        let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
        for (var j = 0u; j < IC; j++) {
          let ix = i32(ox0 + j) - p.padLeft;
          let ok = rowOk && ix >= 0 && ix < i32(p.w);
          xs[s][j] = select(0.0, x[select(0u, (base + u32(ix)) * p.cin + ci, ok)], ok);
        }
      }
      var at = (block * SG * p.kh + kh) * (KW * SG) + lane;
      for (var u = 0u; u < SG; u++) {
        var b: array<array<f32, IC>, SEGS>;  // channel u of the block, the same in all lanes
        for (var s = 0u; s < SEGS; s++) {
          for (var j = 0u; j < IC; j++) { b[s][j] = subgroupShuffle(xs[s][j], u); }
        }
        for (var kw = 0u; kw < KW; kw++) {
          let wv = weights[at + kw * SG];
          for (var s = 0u; s < SEGS; s++) {
            for (var c = 0u; c < COLS; c++) { acc[s][c] += b[s][c + kw] * wv; }
          }
        }
        at += p.kh * (KW * SG);
      }
    }
  }

  let c0 = p.co0 + lane * 4;
  for (var s = 0u; s < SEGS; s++) {
    for (var c = 0u; c < COLS; c++) {
      let o = (((row0 + s) * p.ow + ox0 + c) * p.cout + c0) / 4;
      if (row0 + s < rows && ox0 + c < p.ow && c0 < p.cout) {
        var v = acc[s][c];
        if (p.accumulate != 0) { v += y[o]; }
        if (p.bias != 0) { v += vec4f(bias[c0], bias[c0 + 1], bias[c0 + 2], bias[c0 + 3]); }
        if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
        y[o] = v;
      }
    }
  }
}
