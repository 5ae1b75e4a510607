enable subgroups;
// Kernel gradient (and bias gradient) of a stride-1 convolution: partial sums, one set a share of the rows.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * dY[n,oy,ox,co]      db[co] = sum dY
//
// tile:  one workgroup = one subgroup of 8 lanes: 8 input channels x 32 output channels (a vec4 a lane) x one kernel
//        row. It walks the rows (n*oh + oy) of its share in steps of PX pixels, loads PX vec4 of dY and
//        PX+KW-1 inputs (one channel a lane), and broadcasts channel after channel.
// dispatch: ceil(cin/8) * ceil(cout/32) * kh * shares workgroups, folded to 2-D; then, where shares > 1, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cout a multiple of 4 (dY is read as vec4).
// good for: lavapipe. Take the fewest shares that give some 32 workgroups: the second pass reads every share.

const SG: u32 = 8;
const KW: u32 = 3;
const PX: u32 = 2;   // pixels a step; 4 and more spill
const IC: u32 = PX + KW - 1;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
  bias: u32,           // 1: the bias's gradient is wanted too
  accumulate: u32,     // 1: add to what dw and db hold; 0 where shares > 1
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;          // [n, oh, ow, cout / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;     // [shares, kh, KW, cin, cout / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;     // [shares, cout / 4]

// Four weights' gradients, in the place of this share.
fn put(share: u32, at: u32, value: vec4f) {
  let o = (share * p.kh * KW * p.cin * p.cout + at) / 4;
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
  let ciBlocks = (p.cin + SG - 1) / SG;
  let coBlocks = (p.cout + SG * 4 - 1) / (SG * 4);
  let id = wid.x + wid.y * nwg.x;
  if (id >= ciBlocks * coBlocks * p.kh * p.shares) { return; }  // uniform
  let ci0 = (id % ciBlocks) * SG;
  let kh = (id / ciBlocks) % p.kh;
  let co = ((id / (ciBlocks * p.kh)) % coBlocks) * (SG * 4) + lane * 4;
  let share = id / (ciBlocks * p.kh * coBlocks);
  let ci = ci0 + lane;

  var acc: array<array<vec4f, KW>, SG>;
  var sum = vec4f();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    let oy = row % p.oh;
    let image = row / p.oh;
    for (var ox0 = 0u; ox0 < p.ow; ox0 += PX) {
      var g: array<vec4f, PX>;
      for (var c = 0u; c < PX; c++) {
        let ok = ox0 + c < p.ow && co < p.cout;
        g[c] = select(vec4f(), dy[select(0u, ((row * p.ow + ox0 + c) * p.cout + co) / 4, ok)], ok);
        sum += g[c];
      }
      let iy = i32(oy + kh) - p.padTop;
      let rowOk = iy >= 0 && iy < i32(p.h) && ci < p.cin;
      let base = (image * p.h + u32(iy)) * p.w;
      var xs: array<f32, IC>;
      for (var j = 0u; j < IC; j++) {
        let ix = i32(ox0 + j) - p.padLeft;
        let ok = rowOk && ix >= 0 && ix < i32(p.w);
        xs[j] = select(0.0, x[select(0u, (base + u32(ix)) * p.cin + ci, ok)], ok);
      }
      for (var u = 0u; u < SG; u++) {
        var b: array<f32, IC>;
        for (var j = 0u; j < IC; j++) { b[j] = subgroupShuffle(xs[j], u); }
        for (var kw = 0u; kw < KW; kw++) {
          var s = acc[u][kw];  // a local: the sum over the pixels stays in registers
          for (var c = 0u; c < PX; c++) { s += b[c + kw] * g[c]; }
          acc[u][kw] = s;
        }
      }
    }
  }

  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) {
      if (ci0 + u < p.cin && co < p.cout) {
        put(share, ((kh * KW + kw) * p.cin + ci0 + u) * p.cout + co, acc[u][kw]);
      }
    }
  }
  if (p.bias != 0 && ci0 == 0 && kh == 0 && co < p.cout) { put_bias(share, co, sum); }
}
