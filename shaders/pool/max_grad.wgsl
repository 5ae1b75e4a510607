// dx[n, iy, ix, c] = sum of dy over the windows whose maximum was at (iy, ix), times the scale of the dropout, if any:
// each pixel looks at the windows it lies in and at the taps that the forward kept, so nothing is added from two sides.
// A window whose result was dropped has kept none. With mask, dy counts only where y is positive: a ReLU stood before the
// pooling. Any window and stride.
// One thread a pixel and channel; dispatch ceil(n * h * w * c / 64), folded.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;          // [n, oh, ow, c]
@group(0) @binding(2) var<storage, read> taps: array<u32>;        // [n, words]
@group(0) @binding(3) var<storage, read> y: array<f32>;           // [n, oh, ow, c]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;    // [n, h, w, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c) { return; }
  let c = i % p.c;
  let tx = i / p.c % p.w + p.pad_left;
  let ty = i / (p.c * p.w) % p.h + p.pad_top;
  let image = i / (p.c * p.w * p.h);
  let per_image = p.oh * p.ow * p.c;
  let rows = windows_at(ty, p.kh, p.stride_h, p.oh);
  let columns = windows_at(tx, p.kw, p.stride_w, p.ow);
  var sum = 0.0;
  for (var oy = rows.x; oy < rows.y; oy++) {
    for (var ox = columns.x; ox < columns.y; ox++) {
      let element = (oy * p.ow + ox) * p.c + c;
      var tap = taps[image * p.words + element / p.per_word];
      if (p.per_word == 4) { tap = (tap >> (8 * (element % 4))) & 0xffu; }
      if (tap == (ty - oy * p.stride_h) * p.kw + tx - ox * p.stride_w) {
        let at = image * per_image + element;
        sum += select(dy[at], 0.0, p.mask == 1 && y[at] <= 0.0);
      }
    }
  }
  dx[i] = sum * p.scale;
}
