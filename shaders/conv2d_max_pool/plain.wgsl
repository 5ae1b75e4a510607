// y[n, py, px, c] = max over a window of act(bias[c] + convolution); taps keeps where it was, for the gradient.
//   convolution[n, oy, ox, c] = sum_{ky, kx, ci} x[n, sy, sx, ci] * kernel[ky, kx, ci, c]
// The first of equal values wins, in row-major order of the window; so does the first NaN. With drop, y is then dropped
// out: 0 with probability rate, else scaled by 1 / (1 - rate); what is dropped has no tap.
// The reference variant: one thread a word of taps, which computes the per_word windows of one image that it stands for.
// Dispatch ceil(n * words / 64), folded. Every shape, every device; where windows overlap, sums are computed repeatedly.
// use: grid, conv_pool, nan, step, philox, dropout
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, cin]
@group(0) @binding(3) var<storage, read> kernel: array<f32>;       // [kh, kw, cin, cout]
@group(0) @binding(4) var<storage, read> bias: array<f32>;         // [cout]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> y: array<f32>;      // [n, ph, pw, cout]
@group(0) @binding(6) var<storage, read_write> taps: array<u32>;   // [n, words]; any buffer without p.taps

fn convolution(image: u32, oy: u32, ox: u32, c: u32) -> f32 {
  var sum = 0.0;
  for (var ky = 0u; ky < p.kh; ky++) {
    let sy = i32(oy * p.stride_h + ky * p.dilation_h) - p.pad_top;
    if (sy < 0 || sy >= i32(p.h)) { continue; }
    for (var kx = 0u; kx < p.kw; kx++) {
      let sx = i32(ox * p.stride_w + kx * p.dilation_w) - p.pad_left;
      if (sx < 0 || sx >= i32(p.w)) { continue; }
      let source = ((image * p.h + u32(sy)) * p.w + u32(sx)) * p.cin;
      let weights = (ky * p.kw + kx) * p.cin * p.cout + c;
      for (var ci = 0u; ci < p.cin; ci++) { sum += x[source + ci] * kernel[weights + ci * p.cout]; }
    }
  }
  if (p.bias == 1) { sum += bias[c]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  return select(sum, 0.0, p.relu == 1 && sum <= 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.words) { return; }
  let per_image = p.ph * p.pw * p.cout;
  let image = i / p.words;
  let first = i % p.words * p.per_word;
  let end = min(first + p.per_word, per_image);
  let field = select(0xffffffffu, 0xffu, p.per_word == 4);
  var packed = 0u;
  for (var element = first; element < end; element++) {
    let py = element / (p.cout * p.pw);
    let px = element / p.cout % p.pw;
    let rows = taps_inside(py, p.window_h, p.pool_stride_h, p.pool_pad_top, p.oh);
    let columns = taps_inside(px, p.window_w, p.pool_stride_w, p.pool_pad_left, p.ow);
    var best = 0.0;
    var winner = 0xffffffffu;
    for (var wy = rows.x; wy < rows.y; wy++) {
      for (var wx = columns.x; wx < columns.y; wx++) {
        let oy = py * p.pool_stride_h + wy - p.pool_pad_top;
        let ox = px * p.pool_stride_w + wx - p.pool_pad_left;
        let value = convolution(image, oy, ox, element % p.cout);
        if (winner == 0xffffffffu || value > best || (is_nan(value) && !is_nan(best))) {
          best = value;
          winner = wy * p.window_w + wx;
        }
      }
    }
    if (p.drop == 1) {
      let number = (p.base + image) * per_image + element;
      let kept = is_kept(drop_words(number / 4, p.id)[number % 4], p.threshold);
      best = select(0.0, best * p.scale, kept);
      winner = select(NO_TAP, winner, kept);
    }
    packed |= (winner & field) << (8 * (element - first));
    y[image * per_image + element] = best;
  }
  if (p.taps == 1) { taps[i] = packed; }
}
