// out[n, oy, ox, o] = act(bias[o] + sum_{ky, kx, r} source[n, sy, sx, r] * kernel[ky, kx, r, o])
// 2-D convolution forward, or its input gradient (then source = dy, masked by y > 0 where a ReLU was fused, and the
// kernel's two channel axes change places): shaders/lib/conv_gather.wgsl says where (sy, sx) lies.
// The reference variant: one thread a result, one multiply-add for two loads. Every shape, every device.
// Dispatch ceil(n * oh * ow * oc / 64), folded.
// use: grid, conv_gather
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;      // [n, h, w, c]
@group(0) @binding(2) var<storage, read> y: array<f32>;           // [n, h, w, c]; any buffer without mask
@group(0) @binding(3) var<storage, read> kernel: array<f32>;      // [kh, kw, cin, cout]
@group(0) @binding(4) var<storage, read> bias: array<f32>;        // [oc]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> out: array<f32>;   // [n, oh, ow, oc]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.oc) { return; }
  let o = i % p.oc;
  let pixel = i / p.oc;
  let ox = pixel % p.ow;
  let oy = pixel / p.ow % p.oh;
  let image = pixel / (p.ow * p.oh);
  var sum = 0.0;
  for (var ky = 0u; ky < p.kh; ky++) {
    let sy = source_position(i32(oy * p.scale_h) + i32(ky) * p.step_h + p.offset_h, p.divide_h, p.h);
    if (sy < 0) { continue; }
    for (var kx = 0u; kx < p.kw; kx++) {
      let sx = source_position(i32(ox * p.scale_w) + i32(kx) * p.step_w + p.offset_w, p.divide_w, p.w);
      if (sx < 0) { continue; }
      let from_pixel = ((image * p.h + u32(sy)) * p.w + u32(sx)) * p.c;
      let weights = (ky * p.kw + kx) * p.tap + o * p.column;
      for (var r = 0u; r < p.c; r++) {
        var value = source[from_pixel + r];
        if (p.mask == 1) { value = select(value, 0.0, y[from_pixel + r] <= 0.0); }
        sum += value * kernel[weights + r * p.channel];
      }
    }
  }
  if (p.bias == 1) { sum += bias[o]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
  out[i] = sum;
}
