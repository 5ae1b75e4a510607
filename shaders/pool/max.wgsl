// y[n, oy, ox, c] = max of its window; taps keeps where it was (ky * kw + kx), for the gradient.
// The first of equal values wins, in row-major order of the window (TensorFlow, PyTorch); so does the first NaN.
// With drop, y is then dropped out: 0 with probability rate, else scaled by 1 / (1 - rate); what is dropped has no tap.
// One thread a word of taps: it makes per_word neighbouring results of one image.
// Dispatch ceil(n * words / 64), folded.
// use: grid, nan, pool, step, philox, dropout
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, c]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;      // [n, oh, ow, c]
@group(0) @binding(4) var<storage, read_write> taps: array<u32>;   // [n, words]; any buffer without p.taps

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let per_image = p.oh * p.ow * p.c;
  if (i >= p.n * p.words) { return; }
  let image = i / p.words;
  let first = i % p.words * p.per_word;
  let end = min(first + p.per_word, per_image);
  let field = select(0xffffffffu, 0xffu, p.per_word == 4);
  var words = vec4u();
  var packed = 0u;
  for (var element = first; element < end; element++) {
    let c = element % p.c;
    let ox = element / p.c % p.ow;
    let oy = element / (p.c * p.ow);
    let rows = pixels_of(oy, p.kh, p.stride_h, p.pad_top, p.h);
    let columns = pixels_of(ox, p.kw, p.stride_w, p.pad_left, p.w);
    var best = 0.0;
    var place = vec2u(0xffffffffu);
    for (var iy = rows.x; iy < rows.y; iy++) {
      for (var ix = columns.x; ix < columns.y; ix++) {
        let value = x[((image * p.h + iy) * p.w + ix) * p.c + c];
        if (place.x == 0xffffffffu || value > best || (is_nan(value) && !is_nan(best))) {
          best = value;
          place = vec2u(iy, ix);
        }
      }
    }
    let ky = place.x + p.pad_top - oy * p.stride_h;
    let kx = place.y + p.pad_left - ox * p.stride_w;
    var tap = ky * p.kw + kx;
    if (p.drop == 1) {
      let number = (p.base + image) * per_image + element;
      if (element == first || number % 4 == 0) { words = drop_words(number / 4, p.id); }
      let kept = is_kept(words[number % 4], p.threshold);
      best = select(0.0, best * p.scale, kept);
      tap = select(NO_TAP, tap, kept);
    }
    packed |= (tap & field) << (8 * (element - first));
    y[image * per_image + element] = best;
  }
  if (p.taps == 1) { taps[i] = packed; }
}
