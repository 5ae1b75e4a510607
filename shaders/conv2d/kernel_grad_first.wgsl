enable subgroups;
// Kernel gradient (and bias gradient) of a stride-1 convolution with very few input channels (1 to 4): partial sums.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * dY[n,oy,ox,co]      db[co] = sum dY
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 output channels (a vec4 a lane) and all KH*KW*CIN weights, which
//        stay in registers; it walks the rows (n*oh + oy) of its share in steps of PX pixels: PX vec4 loads of dY, and
//        inputs loaded one pixel a lane (VECS loads of 8 pixels a kernel row) and broadcast.
// dispatch: ceil(cout/32) * shares workgroups, folded to 2-D; then, where shares > 1, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cout a multiple of 4.
// good for: lavapipe, where it is bound by the loads of dY. shares: 32. From 8 input channels: kernel_grad_strip.

const SG: u32 = 8;
const CIN: u32 = 1;
const KH: u32 = 3;
const KW: u32 = 3;
const PX: u32 = 4;    // pixels a step
const IC: u32 = PX + KW - 1;
const VECS: u32 = (IC + SG - 1) / SG;

struct Params {
  n: u32, h: u32, w: u32,
  oh: u32, ow: u32, cout: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
  bias: u32,           // 1: the bias's gradient is wanted too
  accumulate: u32,     // 1: add to what dw and db hold; 0 where shares > 1
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [n, h, w, CIN]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;          // [n, oh, ow, cout / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;     // [shares, KH, KW, CIN, cout / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;     // [shares, cout / 4]

// Four weights' gradients, in the place of this share.
fn put(share: u32, at: u32, value: vec4f) {
  let o = (share * KH * KW * CIN * p.cout + at) / 4;
  var v = value;
  if (p.accumulate != 0) { v += dw[o]; }
  dw[o] = v;
}

// Four biases' gradients.
fn put_bias(share: u32, co: u32, value: vec4f) {
  let o = (share * p.cout + co) / 4;
  var v = value;
  if (p.accumulate != 0) { v += db[o]; }
  db[o] = v;
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let coBlocks = (p.cout + SG * 4 - 1) / (SG * 4);
  let id = wid.x + wid.y * nwg.x;
  if (id >= coBlocks * p.shares) { return; }  // uniform
  let co = (id % coBlocks) * (SG * 4) + lane * 4;
  let share = id / coBlocks;

  var acc: array<array<array<vec4f, CIN>, KW>, KH>;
  var sum = vec4f();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    for (var ox0 = 0u; ox0 < p.ow; ox0 += PX) {
      var g: array<vec4f, PX>;
      for (var c = 0u; c < PX; c++) {
        let ok = co < p.cout && ox0 + c < p.ow;
        g[c] = select(vec4f(), dy[select(0u, ((row * p.ow + ox0 + c) * p.cout + co) / 4, ok)], ok);
        sum += g[c];
      }
      for (var kh = 0u; kh < KH; kh++) {
        let iy = i32(row % p.oh + kh) - p.padTop;
        let rowOk = iy >= 0 && iy < i32(p.h);
        let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
        for (var ci = 0u; ci < CIN; ci++) {
          var xs: array<f32, VECS>;  // pixels ox0 - padLeft + 8 v + lane
          for (var v = 0u; v < VECS; v++) {
            let ix = i32(ox0 + v * SG + lane) - p.padLeft;
            let ok = rowOk && ix >= 0 && ix < i32(p.w);
            xs[v] = select(0.0, x[select(0u, (base + u32(ix)) * CIN + ci, ok)], ok);
          }
          var b: array<f32, IC>;
          for (var j = 0u; j < IC; j++) { b[j] = subgroupShuffle(xs[j / SG], j % SG); }
          for (var kw = 0u; kw < KW; kw++) {
            var s = acc[kh][kw][ci];
            for (var c = 0u; c < PX; c++) { s += b[c + kw] * g[c]; }
            acc[kh][kw][ci] = s;
          }
        }
      }
    }
  }

  for (var kh = 0u; kh < KH; kh++) {
    for (var kw = 0u; kw < KW; kw++) {
      for (var ci = 0u; ci < CIN; ci++) {
        if (co < p.cout) { put(share, ((kh * KW + kw) * CIN + ci) * p.cout + co, acc[kh][kw][ci]); }
      }
    }
  }
  if (p.bias != 0 && co < p.cout) { put_bias(share, co, sum); }
}
