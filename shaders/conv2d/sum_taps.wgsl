// dx[n, y, x, c] = sum of rows[n oy ox, ky kx, c] over the taps (ky, kx) through which output pixel (oy, ox) saw (y, x), in their order:
// what patches.wgsl dealt out is added up where it came from (col2im).
// One thread four channels of a pixel. Dispatch ceil(n * h * w * c4 / 64), folded.
// Needs channels in fours, and places below 2^22 (lib/divide.wgsl).
// use: grid, divide, taps
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;      // [n * oh * ow, kh * kw, c4]
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;  // [n, h, w, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c4) { return; }
  let pixel = divide(i, p.c4);
  let row = divide(pixel, p.w);
  let image = divide(row, p.h);
  let y = i32(row - image * p.h) + p.pad_top;
  let x = i32(pixel - row * p.w) + p.pad_left;
  var sum = vec4f();
  for (var ky = 0u; ky < p.kh; ky++) {
    let down = y - i32(ky * p.dilation_h);
    for (var kx = 0u; kx < p.kw; kx++) {
      let right = x - i32(kx * p.dilation_w);
      if (down < 0 || right < 0) { continue; }
      let oy = divide(u32(down), p.stride_h);
      let ox = divide(u32(right), p.stride_w);
      if (oy * p.stride_h != u32(down) || ox * p.stride_w != u32(right) || oy >= p.oh || ox >= p.ow) { continue; }
      let tap = ((image * p.oh + oy) * p.ow + ox) * p.kh * p.kw + ky * p.kw + kx;
      sum += rows[tap * p.c4 + i - pixel * p.c4];
    }
  }
  dx[i] = sum;
}
