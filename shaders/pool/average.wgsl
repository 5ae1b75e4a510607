// y[n, oy, ox, c] = mean of the pixels of its window that lie inside the picture (padding does not count).
// One thread a result; dispatch ceil(n * oh * ow * c / 64), folded.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [n, h, w, c]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;     // [n, oh, ow, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.c) { return; }
  let c = i % p.c;
  let ox = i / p.c % p.ow;
  let oy = i / (p.c * p.ow) % p.oh;
  let image = i / (p.c * p.ow * p.oh);
  let rows = pixels_of(oy, p.kh, p.stride_h, p.pad_top, p.h);
  let columns = pixels_of(ox, p.kw, p.stride_w, p.pad_left, p.w);
  var sum = 0.0;
  for (var iy = rows.x; iy < rows.y; iy++) {
    for (var ix = columns.x; ix < columns.y; ix++) { sum += x[((image * p.h + iy) * p.w + ix) * p.c + c]; }
  }
  y[i] = sum / f32((rows.y - rows.x) * (columns.y - columns.x));
}
