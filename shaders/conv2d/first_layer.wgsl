enable subgroups;
// Forward convolution, stride 1, for very few input channels (1 to 4): the first layer of a network.
//
//   y[n,oy,ox,co] = act( bias[co] + sum_{kh,kw,ci} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * W[kh,kw,ci,co] )
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 output channels (a vec4 a lane), ROWS rows of one picture or of
//        neighbouring pictures, each in steps of PX pixels. The KH*KW*CIN weights of a lane stay in registers, read once
//        from HWIO. Inputs are loaded one pixel a lane (VECS loads of 8 pixels) and broadcast: lanes over input channels,
//        as in strip.wgsl, would leave 7 of 8 idle.
// dispatch: ceil(cout/32) * ceil(n*oh / ROWS) workgroups, folded to 2-D.
// needs: subgroups of SG lanes; cout a multiple of 4.
// good for: lavapipe, where it is bound by its stores. From 8 input channels on take strip.wgsl.

const SG: u32 = 8;
const CIN: u32 = 1;    // input channels
const KH: u32 = 3;
const KW: u32 = 3;
const ROWS: u32 = 4;   // rows a workgroup
const PX: u32 = 7;     // pixels a step
const VECS: u32 = (PX + KW - 1 + SG - 1) / SG;

struct Params {
  n: u32, h: u32, w: u32,
  oh: u32, ow: u32, cout: u32,
  padTop: i32, padLeft: i32,
  bias: u32,   // 1: add bias
  relu: u32,   // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;        // [n, h, w, CIN]
@group(0) @binding(2) var<storage, read> kernel: array<f32>;   // [KH, KW, CIN, cout]
@group(0) @binding(3) var<storage, read> bias: array<f32>;     // [cout]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [n, oh, ow, cout / 4]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let coBlocks = (p.cout + SG * 4 - 1) / (SG * 4);
  let rows = p.n * p.oh;
  let id = wid.x + wid.y * nwg.x;
  if (id >= coBlocks * ((rows + ROWS - 1) / ROWS)) { return; }  // uniform
  let co = (id % coBlocks) * (SG * 4) + lane * 4;
  let row0 = (id / coBlocks) * ROWS;

  let cols = vec4u(co) + vec4u(0, 1, 2, 3);
  let colOk = cols < vec4u(p.cout);
  let at = select(vec4u(0), cols, colOk);
  var wv: array<vec4f, KH * KW * CIN>;
  for (var i = 0u; i < KH * KW * CIN; i++) {
    let o = i * p.cout;
    wv[i] = vec4f(kernel[o + at.x], kernel[o + at.y], kernel[o + at.z], kernel[o + at.w]);
  }
  var start = vec4f();
  if (p.bias != 0) { start = vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]); }

  let end = min(row0 + ROWS, rows);
  for (var row = row0; row < end; row++) {
    for (var ox0 = 0u; ox0 < p.ow; ox0 += PX) {
      var acc: array<vec4f, PX>;
      for (var c = 0u; c < PX; c++) { acc[c] = start; }
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
          var b: array<f32, PX + KW - 1>;
          for (var j = 0u; j < PX + KW - 1; j++) { b[j] = subgroupShuffle(xs[j / SG], j % SG); }
          for (var kw = 0u; kw < KW; kw++) {
            for (var c = 0u; c < PX; c++) { acc[c] += b[c + kw] * wv[(kh * KW + kw) * CIN + ci]; }
          }
        }
      }
      for (var c = 0u; c < PX; c++) {
        var v = acc[c];
        if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
        if (ox0 + c < p.ow && co < p.cout) { y[((row * p.ow + ox0 + c) * p.cout + co) / 4] = v; }
      }
    }
  }
}
