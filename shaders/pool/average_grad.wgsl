// dx[n, iy, ix, c] = sum over the windows that (iy, ix) lies in of dy / (number of the window's pixels in the picture).
// One thread a pixel and channel; dispatch ceil(n * h * w * c / 64), folded.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;          // [n, oh, ow, c]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;    // [n, h, w, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c) { return; }
  let c = i % p.c;
  let image = i / (p.c * p.w * p.h);
  let rows = windows_at(i / (p.c * p.w) % p.h + p.pad_top, p.kh, p.stride_h, p.oh);
  let columns = windows_at(i / p.c % p.w + p.pad_left, p.kw, p.stride_w, p.ow);
  var sum = 0.0;
  for (var oy = rows.x; oy < rows.y; oy++) {
    let height = pixels_of(oy, p.kh, p.stride_h, p.pad_top, p.h);
    for (var ox = columns.x; ox < columns.y; ox++) {
      let width = pixels_of(ox, p.kw, p.stride_w, p.pad_left, p.w);
      let pixels = (height.y - height.x) * (width.y - width.x);
      sum += dy[((image * p.oh + oy) * p.ow + ox) * p.c + c] / f32(pixels);
    }
  }
  dx[i] = sum;
}
