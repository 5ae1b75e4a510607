// plain.wgsl with a whole window of the pooling in registers: one thread computes the WH x WW results of the convolution
// that a window covers, for four neighbouring channels, and keeps their maxima. For each tap and input channel it loads
// one vec4 of weights and WH WW inputs for 4 WH WW multiply-adds, and writes one vec4 and one word of taps.
// Neighbouring threads are neighbouring channels: they share the inputs and read weights side by side.
// Dispatch ceil(n * words / 64), folded.
// Needs cout a multiple of 4, and windows that do not reach beyond the convolution's result.
// Good for GPUs where there are few input channels: a first layer is bound by what it writes, and this writes 1 / (WH WW)
// of it. With many, tiles in workgroup memory and a pooling behind them load less.
// use: grid, conv_pool, nan, step, philox, dropout
const WH: u32 = 2;   // the pooling's window
const WW: u32 = 2;
const TAPS: bool = true;   // p.taps: without them there is less to keep in mind
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, cin]
@group(0) @binding(3) var<storage, read> kernel: array<vec4f>;     // [kh, kw, cin, cout / 4]
@group(0) @binding(4) var<storage, read> bias: array<f32>;         // [cout]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;    // [n, ph, pw, cout / 4]
@group(0) @binding(6) var<storage, read_write> taps: array<u32>;   // [n, words]: word (py * pw + px) * cout / 4 + c of 4 channels; any buffer without p.taps

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.words) { return; }
  let c4 = p.cout / 4;
  let element = i % p.words;
  // Words behind the last window, up to where the next image starts.
  if (element >= p.ph * p.pw * c4) {
    if (TAPS) { taps[i] = 0u; }
    return;
  }
  let c = element % c4;
  let image = i / p.words * p.h;
  let top = i32(element / (c4 * p.pw) * p.pool_stride_h * p.stride_h) - p.pad_top;
  let left = i32(element / c4 % p.pw * p.pool_stride_w * p.stride_w) - p.pad_left;

  var sums: array<vec4f, WH * WW>;
  for (var ky = 0u; ky < p.kh; ky++) {
    for (var kx = 0u; kx < p.kw; kx++) {
      var starts: array<u32, WH * WW>;
      var inside: array<bool, WH * WW>;
      for (var t = 0u; t < WH * WW; t++) {
        let sy = top + i32(t / WW * p.stride_h + ky * p.dilation_h);
        let sx = left + i32(t % WW * p.stride_w + kx * p.dilation_w);
        inside[t] = sy >= 0 && sy < i32(p.h) && sx >= 0 && sx < i32(p.w);
        starts[t] = select(0u, ((image + u32(sy)) * p.w + u32(sx)) * p.cin, inside[t]);
      }
      let weights = (ky * p.kw + kx) * p.cin * c4 + c;
      for (var ci = 0u; ci < p.cin; ci++) {
        let w = kernel[weights + ci * c4];
        for (var t = 0u; t < WH * WW; t++) { sums[t] += select(0.0, x[starts[t] + ci], inside[t]) * w; }
      }
    }
  }
  var offset = vec4f();
  if (p.bias == 1) { offset = vec4f(bias[4 * c], bias[4 * c + 1], bias[4 * c + 2], bias[4 * c + 3]); }
  var best = vec4f();
  var winner = vec4u();
  for (var t = 0u; t < WH * WW; t++) {
    var value = sums[t] + offset;
    // Not max(value, 0): that would turn a NaN into 0 and hide it.
    if (p.relu == 1) { value = select(value, vec4f(), value <= vec4f()); }
    let better = (value > best) | (are_nan(value) & !are_nan(best)) | vec4<bool>(t == 0);
    best = select(best, value, better);
    if (TAPS) { winner = select(winner, vec4u(t), better); }
  }
  let at = i / p.words * p.ph * p.pw * c4 + element;
  if (p.drop == 1) {
    // Four channels are one draw.
    let kept = are_kept(drop_words(p.base * p.ph * p.pw * c4 + at, p.id), p.threshold);
    best = select(vec4f(), best * p.scale, kept);
    winner = select(vec4u(255), winner, kept);
  }
  y[at] = best;
  if (TAPS) { taps[i] = winner.x | (winner.y << 8) | (winner.z << 16) | (winner.w << 24); }
}
