// dx of max pooling whose windows do not overlap (stride >= window), the usual case: the picture falls into cells of
// stride x stride pixels, each with one window. One thread a cell and channel reads dy and the tap once and writes the
// whole cell, where max_grad reads both for every pixel.
// Dispatch ceil(n * cells_h * cells_w * c / 64), folded; cells = ceil((size + pad) / stride), as the last may have no window.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;          // [n, oh, ow, c]
@group(0) @binding(2) var<storage, read> taps: array<u32>;        // [n, words]
@group(0) @binding(3) var<storage, read> y: array<f32>;           // [n, oh, ow, c]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;    // [n, h, w, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let cells_h = (p.h + p.pad_top + p.stride_h - 1) / p.stride_h;
  let cells_w = (p.w + p.pad_left + p.stride_w - 1) / p.stride_w;
  if (i >= p.n * cells_h * cells_w * p.c) { return; }
  let c = i % p.c;
  let ox = i / p.c % cells_w;
  let oy = i / (p.c * cells_w) % cells_h;
  let image = i / (p.c * cells_w * cells_h);
  let per_image = p.oh * p.ow * p.c;
  var gradient = 0.0;
  var winner = vec2u(0xffffffffu);
  if (oy < p.oh && ox < p.ow) {
    let element = (oy * p.ow + ox) * p.c + c;
    var tap = taps[image * p.words + element / p.per_word];
    if (p.per_word == 4) { tap = (tap >> (8 * (element % 4))) & 0xffu; }
    // A tap that is none of the window's: the result was dropped.
    if (tap < p.kh * p.kw) {
      let at = image * per_image + element;
      gradient = select(dy[at] * p.scale, 0.0, p.mask == 1 && y[at] <= 0.0);
      winner = vec2u(oy * p.stride_h + tap / p.kw, ox * p.stride_w + tap % p.kw);
    }
  }
  let bottom = min((oy + 1) * p.stride_h, p.h + p.pad_top);
  let right = min((ox + 1) * p.stride_w, p.w + p.pad_left);
  for (var ty = max(oy * p.stride_h, p.pad_top); ty < bottom; ty++) {
    for (var tx = max(ox * p.stride_w, p.pad_left); tx < right; tx++) {
      let at = ((image * p.h + ty - p.pad_top) * p.w + tx - p.pad_left) * p.c + c;
      dx[at] = select(0.0, gradient, ty == winner.x && tx == winner.y);
    }
  }
}
