// dkernel[ky, kx, ci, o] = sum_{n, oy, ox} x[n, oy*stride + ky*dilation - pad, ..., ci] * dy[n, oy, ox, o];
// db[o] = sum dy, as one more row whose input is 1. dy counts only where y > 0 if the forward had a ReLU fused (mask).
// The reference variant: one thread a weight, which walks over all pixels. Every shape, every device.
// Dispatch ceil((kh * kw * cin + db) * cout / 64), folded.
// use: grid, conv_kernel_grad
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<f32>;             // [n, oh, ow, cout]
@group(0) @binding(3) var<storage, read> y: array<f32>;              // [n, oh, ow, cout]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dkernel: array<f32>;  // [kh, kw, cin, cout]
@group(0) @binding(5) var<storage, read_write> db: array<f32>;       // [cout]; any buffer without db

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let weights = p.kh * p.kw * p.cin * p.cout;
  if (i >= weights + p.db * p.cout) { return; }
  let o = i % p.cout;
  let row = i / p.cout;
  let ci = row % p.cin;
  let kx = row / p.cin % p.kw;
  let ky = row / (p.cin * p.kw);
  let is_bias = i >= weights;
  var sum = 0.0;
  for (var image = 0u; image < p.n; image++) {
    for (var oy = 0u; oy < p.oh; oy++) {
      let iy = i32(oy * p.stride_h + ky * p.dilation_h) - p.pad_top;
      if (!is_bias && (iy < 0 || iy >= i32(p.h))) { continue; }
      for (var ox = 0u; ox < p.ow; ox++) {
        let ix = i32(ox * p.stride_w + kx * p.dilation_w) - p.pad_left;
        if (!is_bias && (ix < 0 || ix >= i32(p.w))) { continue; }
        let at = ((image * p.oh + oy) * p.ow + ox) * p.cout + o;
        var gradient = dy[at];
        if (p.mask == 1) { gradient = select(gradient, 0.0, y[at] <= 0.0); }
        if (!is_bias) { gradient *= x[((image * p.h + u32(iy)) * p.w + u32(ix)) * p.cin + ci]; }
        sum += gradient;
      }
    }
  }
  if (is_bias) {
    if (p.accumulate == 1) { sum += db[o]; }
    db[o] = sum;
  } else {
    if (p.accumulate == 1) { sum += dkernel[i]; }
    dkernel[i] = sum;
  }
}
