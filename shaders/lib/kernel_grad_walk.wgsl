// Kernel gradient (and bias gradient) of a convolution of any stride: partial sums, one set a share of the rows.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy*strideH+kh-padTop, ox*STEP+kw-padLeft, ci] * dY[n,oy,ox,co]
//   db[co] = sum_{n,oy,ox} dY[n,oy,ox,co]
//
// One workgroup = one subgroup: 2 SG input channels (a vec2 a lane) x PER_LANE SG output channels x one kernel row. It walks
// the rows (n*oh + oy) of its share pixel after pixel and keeps the KW-STEP input columns that the next pixel needs again:
// STEP + 1 loads a pixel, no half-empty steps. Two sets of sums, with a loop for each, which the driver unrolls.
// Who uses it says how many output channels a lane has (`alias Channels`, PER_LANE), SG, KW and STEP.
const KEPT: u32 = max(KW, STEP) - STEP;      // columns that neighbouring pixels share

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  strideH: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
  bias: u32,           // 1: the bias's gradient is wanted too
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;            // [n, h, w, cin / 2]
@group(0) @binding(2) var<storage, read> dy: array<Channels>;        // [n, oh, ow, cout / PER_LANE]
@group(0) @binding(3) var<storage, read_write> dw: array<Channels>;  // [shares, kh, KW, cin, cout / PER_LANE]
@group(0) @binding(4) var<storage, read_write> db: array<Channels>;  // [shares, cout / PER_LANE]

alias Sums = array<array<Channels, KW>, SG>;   // of one of the two input channels of each lane

// Adds one pixel's products with one input channel of each lane.
fn add(acc: ptr<function, Sums>, xs: array<f32, KW>, g: Channels) {
  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) { (*acc)[u][kw] += subgroupShuffle(xs[kw], u) * g; }
  }
}

// Stores the sums of input channels first, first + 2, ...
fn put(acc: ptr<function, Sums>, first: u32, share: u32, kh: u32, co: u32) {
  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) {
      let ci = first + 2 * u;
      if (ci < p.cin && co < p.cout) {
        dw[((((share * p.kh + kh) * KW + kw) * p.cin + ci) * p.cout + co) / PER_LANE] = (*acc)[u][kw];
      }
    }
  }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let ciBlocks = (p.cin + SG * 2 - 1) / (SG * 2);
  let coBlocks = (p.cout + SG * PER_LANE - 1) / (SG * PER_LANE);
  let id = wid.x + wid.y * nwg.x;
  if (id >= ciBlocks * coBlocks * p.kh * p.shares) { return; }  // uniform
  let ci0 = (id % ciBlocks) * (SG * 2);
  let kh = (id / ciBlocks) % p.kh;
  let co = ((id / (ciBlocks * p.kh)) % coBlocks) * (SG * PER_LANE) + lane * PER_LANE;
  let share = id / (ciBlocks * p.kh * coBlocks);
  let ci = ci0 + lane * 2;

  var even: Sums;
  var odd: Sums;
  var sum = Channels();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    let iy = i32(row % p.oh * p.strideH + kh) - p.padTop;
    let rowOk = iy >= 0 && iy < i32(p.h) && ci < p.cin;
    let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
    // The columns of one pixel's window, outside the picture 0; before the first pixel they stand one step further left.
    var evens: array<f32, KW>;
    var odds: array<f32, KW>;
    for (var j = STEP; j < KW; j++) {
      let ix = i32(j - STEP) - p.padLeft;
      let ok = rowOk && ix >= 0 && ix < i32(p.w);
      let pair = select(vec2f(), x[select(0u, ((base + u32(ix)) * p.cin + ci) / 2, ok)], ok);
      evens[j] = pair.x;
      odds[j] = pair.y;
    }
    for (var ox = 0u; ox < p.ow; ox++) {
      let inside = co < p.cout;
      let g = select(Channels(), dy[select(0u, ((row * p.ow + ox) * p.cout + co) / PER_LANE, inside)], inside);
      sum += g;
      for (var j = 0u; j < KEPT; j++) {
        evens[j] = evens[j + STEP];
        odds[j] = odds[j + STEP];
      }
      for (var j = KEPT; j < KW; j++) {
        let ix = i32(ox * STEP + j) - p.padLeft;
        let ok = rowOk && ix >= 0 && ix < i32(p.w);
        let pair = select(vec2f(), x[select(0u, ((base + u32(ix)) * p.cin + ci) / 2, ok)], ok);
        evens[j] = pair.x;
        odds[j] = pair.y;
      }
      add(&even, evens, g);
      add(&odd, odds, g);
    }
  }

  put(&even, ci0, share, kh, co);
  put(&odd, ci0 + 1, share, kh, co);
  if (p.bias != 0 && ci0 == 0 && kh == 0 && co < p.cout) { db[(share * p.cout + co) / PER_LANE] = sum; }
}
