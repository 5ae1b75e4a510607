// out[n oy ox, ky kx, c] = x[n, oy stride_h + ky dilation_h - pad_top, ..., c], 0 outside: what the window at each output pixel
// sees, side by side (im2col). The convolution is then the product of this with the kernel as it lies.
// One thread four channels of a tap. Dispatch ceil(n * oh * ow * kh * kw * c4 / 64), folded.
// Needs channels in fours, and places below 2^22 (lib/divide.wgsl).
// use: grid, divide, taps
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [n, h, w, c4]
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;  // [n * oh * ow, kh * kw, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.kh * p.kw * p.c4) { return; }
  let tap = divide(i, p.c4);
  let pixel = divide(tap, p.kh * p.kw);
  let row = divide(pixel, p.ow);
  let image = divide(row, p.oh);
  let ky = divide(tap - pixel * p.kh * p.kw, p.kw);
  let kx = tap - pixel * p.kh * p.kw - ky * p.kw;
  let y = i32((row - image * p.oh) * p.stride_h + ky * p.dilation_h) - p.pad_top;
  let column = i32((pixel - row * p.ow) * p.stride_w + kx * p.dilation_w) - p.pad_left;
  var value = vec4f();
  if (y >= 0 && y < i32(p.h) && column >= 0 && column < i32(p.w)) {
    value = x[((image * p.h + u32(y)) * p.w + u32(column)) * p.c4 + i - tap * p.c4];
  }
  out[i] = value;
}
