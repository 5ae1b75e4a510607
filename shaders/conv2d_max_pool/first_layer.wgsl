enable subgroups;
// plain.wgsl for the first layer of a network on a software adapter: conv2d/first_layer.wgsl with the pooling behind it,
// so that only every (WH WW)-th result is stored. Stride 1, 1 to 4 input channels, windows side by side.
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 output channels (a vec4 a lane), ROWS rows of windows of one picture
//        or of neighbouring pictures, each in steps of PX windows. For each row of a window it computes the
//        PX WW results of the convolution as conv2d/first_layer.wgsl does, and keeps the largest with their taps.
// dispatch: ceil(cout/32) * ceil(n*ph / ROWS) workgroups, folded to 2-D.
// needs: subgroups of SG lanes; cout a multiple of 4; windows that do not overlap nor reach beyond the result.
// good for: lavapipe. instead: window.wgsl on GPUs.
// use: conv_pool, nan, step, philox, dropout

const SG: u32 = 8;
const CIN: u32 = 1;    // input channels
const KH: u32 = 3;
const KW: u32 = 3;
const WW: u32 = 2;     // columns of a window
const ROWS: u32 = 2;   // rows of windows a workgroup
const PX: u32 = 7;     // windows a step
const TAPS: bool = true;   // p.taps: without them there is less to keep in mind
const COLS: u32 = PX * WW;
const VECS: u32 = (COLS + KW - 1 + SG - 1) / SG;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, CIN]
@group(0) @binding(3) var<storage, read> kernel: array<vec4f>;     // [KH, KW, CIN, cout / 4]
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;       // [cout / 4]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;    // [n, ph, pw, cout / 4]
@group(0) @binding(6) var<storage, read_write> taps: array<u32>;   // [n, words]: word (py * pw + px) * cout / 4 + c of 4 channels; any buffer without p.taps

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let c4 = p.cout / 4;
  let blocks = (c4 + SG - 1) / SG;
  let rows = p.n * p.ph;
  let id = wid.x + wid.y * nwg.x;
  if (id >= blocks * ((rows + ROWS - 1) / ROWS)) { return; }  // uniform
  let co = (id % blocks) * SG + lane;
  let row0 = (id / blocks) * ROWS;

  let at = min(co, c4 - 1);
  var wv: array<vec4f, KH * KW * CIN>;
  for (var i = 0u; i < KH * KW * CIN; i++) { wv[i] = kernel[i * c4 + at]; }
  var start = vec4f();
  if (p.bias != 0) { start = bias[at]; }

  let end = min(row0 + ROWS, rows);
  for (var row = row0; row < end; row++) {
    let image = row / p.ph;
    let py = row % p.ph;
    for (var px0 = 0u; px0 < p.pw; px0 += PX) {
      var best = array<vec4f, PX>();
      var winner = array<vec4u, PX>();
      for (var wy = 0u; wy < p.window_h; wy++) {
        var acc: array<vec4f, COLS>;
        for (var c = 0u; c < COLS; c++) { acc[c] = start; }
        for (var kh = 0u; kh < KH; kh++) {
          let iy = i32(py * p.pool_stride_h + wy + kh) - p.pad_top;
          let rowOk = iy >= 0 && iy < i32(p.h);
          let base = (image * p.h + u32(iy)) * p.w;
          for (var ci = 0u; ci < CIN; ci++) {
            var xs: array<f32, VECS>;  // pixels px0 * WW - pad_left + 8 v + lane
            for (var v = 0u; v < VECS; v++) {
              let ix = i32(px0 * WW + v * SG + lane) - p.pad_left;
              let ok = rowOk && ix >= 0 && ix < i32(p.w);
              xs[v] = select(0.0, x[select(0u, (base + u32(ix)) * CIN + ci, ok)], ok);
            }
            var b: array<f32, COLS + KW - 1>;
            for (var j = 0u; j < COLS + KW - 1; j++) { b[j] = subgroupShuffle(xs[j / SG], j % SG); }
            for (var kw = 0u; kw < KW; kw++) {
              for (var c = 0u; c < COLS; c++) { acc[c] += b[c + kw] * wv[(kh * KW + kw) * CIN + ci]; }
            }
          }
        }
        for (var c = 0u; c < COLS; c++) {
          var v = acc[c];
          if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
          let isFirst = wy == 0 && c % WW == 0;
          let better = (v > best[c / WW]) | (are_nan(v) & !are_nan(best[c / WW])) | vec4<bool>(isFirst);
          best[c / WW] = select(best[c / WW], v, better);
          if (TAPS) { winner[c / WW] = select(winner[c / WW], vec4u(wy * WW + c % WW), better); }
        }
      }
      for (var c = 0u; c < PX; c++) {
        if (px0 + c < p.pw && co < c4) {
          let o = (py * p.pw + px0 + c) * c4 + co;
          let at = image * p.ph * p.pw * c4 + o;
          var v = best[c];
          var w = winner[c];
          if (p.drop == 1) {
            // Four channels are one draw.
            let kept = are_kept(drop_words(p.base * p.ph * p.pw * c4 + at, p.id), p.threshold);
            v = select(vec4f(), v * p.scale, kept);
            w = select(vec4u(255), w, kept);
          }
          y[at] = v;
          if (TAPS) { taps[image * p.words + o] = w.x | (w.y << 8) | (w.z << 16) | (w.w << 24); }
        }
      }
    }
    // Words behind the last window, up to where the next image starts.
    if (TAPS && py == p.ph - 1 && id % blocks == 0) {
      for (var word = p.ph * p.pw * c4 + lane; word < p.words; word += SG) { taps[image * p.words + word] = 0u; }
    }
  }
}
