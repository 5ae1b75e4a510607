enable subgroups;
// 2-D convolution, stride 1, forward and (flipped weights) input gradient, with the weights held still.
//
//   y[n,oy,ox,co] = act( bias[co] + sum_{kh,kw,ci} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * W[kh,kw,ci,co] )
//
// As an input gradient: the exchanged sizes and padding that strip.wgsl describes.
//
// tile:  one workgroup = one subgroup: 2*SG input channels (two neighbouring ones a lane) x 4*SG output channels (a vec4
//        a lane). It loads all weights of the tile once into private memory, 18 KiB with 8 lanes and 3x3, and
//        walks over the rows of its share of y with them. Since every index into them is constant, they end
//        on the stack as the memory operands of multiplications, which cost nothing. In a row it takes column after column
//        of x: KH vec2 loads, each value broadcast once and used for KW outputs. Only the KW outputs that the
//        column touches are in registers: the leftmost is finished then, the others move on.
// dispatch: ceil(n*oh / rowsPerGroup) workgroups, folded to 2-D, for each block of 4*SG output channels and each slice
//        of 2*SG input channels (layout: repack_uniform.wgsl). Slices after the first set `accumulate`; the first adds the bias,
//        the last sets `relu`.
// good for: lavapipe, rows of any length. A step of a column costs the same at the edges, so valid padding wastes KW-1 of
//        w columns. Sums over many slices pay for reading and writing y.
// needs: subgroups of SG lanes; cin a multiple of 2, cout of 4; every output in reach of a column of x: padLeft < KW and
//        ow <= w + padLeft. KH*KW <= 9, and 2*SG*KH*KW*SG vec4s within 64 KiB (7 taps with 16 lanes).
// instead:  strip.wgsl for larger kernels and for very few taps; first_layer.wgsl below 8 input channels.

const SG: u32 = 8;   // lanes of the device's subgroups
const KH: u32 = 3;
const KW: u32 = 3;
const TAPS: u32 = KH * KW;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32,
  padTop: i32, padLeft: i32,
  ci0: u32,           // first input channel of this slice
  co0: u32,           // first output channel of this block
  rowsPerGroup: u32,
  accumulate: u32,    // 1: add to what y holds
  bias: u32,          // 1: add bias
  relu: u32,          // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;                                // [n, h, w, cin / 2]
@group(0) @binding(2) var<uniform> weights: array<vec4f, 2 * SG * TAPS * SG>;            // [2 * SG, KH, KW, lane]
@group(0) @binding(3) var<storage, read> bias: array<f32>;                               // [cout]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;                          // [n, oh, ow, cout / 4]

// [u, KH, KW]: one of the two channels of every lane u. An array for each: a loop over both would be too long for the
// driver to unroll, and an index that is not constant would cost the sums a gather.
alias Weights = array<vec4f, SG * TAPS>;

// Here, once a workgroup, that is cheap: one loop over all weights, of more turns than Mesa unrolls, makes the shader
// compile in a quarter of the time that it takes with them written out.
fn load(to: ptr<function, Weights>, odd: u32, lane: u32) {
  for (var i = 0u; i < SG * TAPS; i++) { to[i] = weights[((i / TAPS * 2 + odd) * TAPS + i % TAPS) * SG + lane]; }
}

// Adds what a column of x gives to the outputs in reach, for one channel of every lane.
fn add_column(acc: ptr<function, array<vec4f, KW>>, w: ptr<function, Weights>, column: ptr<function, array<f32, KH>>) {
  for (var u = 0u; u < SG; u++) {
    for (var kh = 0u; kh < KH; kh++) {
      let b = subgroupShuffle(column[kh], u);
      for (var kw = 0u; kw < KW; kw++) { acc[kw] += b * w[u * TAPS + kh * KW + kw]; }
    }
  }
}

// Four channels of one pixel of y.
fn put(row: u32, ox: i32, c0: u32, sum: vec4f) {
  if (ox >= 0 && ox < i32(p.ow) && c0 < p.cout) {
    let o = ((row * p.ow + u32(ox)) * p.cout + c0) / 4;
    var v = sum;
    if (p.accumulate != 0) { v += y[o]; }
    if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
    y[o] = v;
  }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let rows = p.n * p.oh;
  let first = (wid.x + wid.y * nwg.x) * p.rowsPerGroup;
  if (first >= rows) { return; }  // the whole subgroup returns: uniform
  var even: Weights;
  var odd: Weights;
  load(&even, 0, lane);
  load(&odd, 1, lane);
  let ci = p.ci0 + 2 * lane;
  let c0 = p.co0 + 4 * lane;
  var start = vec4f();
  if (p.bias != 0 && c0 < p.cout) { start = vec4f(bias[c0], bias[c0 + 1], bias[c0 + 2], bias[c0 + 3]); }

  let end = min(first + p.rowsPerGroup, rows);
  var image = first / p.oh;  // counted on below: a division in every row would cost as much as a column
  var oy = first % p.oh;
  for (var row = first; row < end; row++) {
    var acc = array<vec4f, KW>();  // acc[kw]: the output that column ix meets with tap kw, ox = ix + padLeft - kw
    for (var ix = 0u; ix < p.w; ix++) {
      var evens: array<f32, KH>;
      var odds: array<f32, KH>;
      for (var kh = 0u; kh < KH; kh++) {
        let iy = i32(oy + kh) - p.padTop;
        let ok = iy >= 0 && iy < i32(p.h) && ci < p.cin;
        let pair = select(vec2f(), x[select(0u, (((image * p.h + u32(iy)) * p.w + ix) * p.cin + ci) / 2, ok)], ok);
        evens[kh] = pair.x;
        odds[kh] = pair.y;
      }
      add_column(&acc, &even, &evens);
      add_column(&acc, &odd, &odds);
      put(row, i32(ix) + p.padLeft - i32(KW - 1), c0, acc[KW - 1] + start);
      var next = array<vec4f, KW>();
      for (var kw = 0u; kw < KW - 1; kw++) { next[kw + 1] = acc[kw]; }
      acc = next;
    }
    for (var k = 0u; k < KW - 1; k++) { put(row, i32(p.w + k) + p.padLeft - i32(KW - 1), c0, acc[KW - 1 - k] + start); }
    oy++;
    image = select(image, image + 1, oy == p.oh);
    oy = select(oy, 0, oy == p.oh);
  }
}
