// out[n, oy * stride_h, ox * stride_w, c] = x[n, oy, ox, c], and 0 between: a picture with its pixels pulled apart.
// With mask, an x counts only where y, the result of the ReLU behind it, is positive.
// One thread four channels. Dispatch ceil(n * h * w * c4 / 64), folded.
// Needs c % 4 == 0, and pixels below 2^22 (lib/divide.wgsl).
// use: grid, divide, strided_pixels
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [n, oh, ow, c4]
@group(0) @binding(2) var<storage, read> y: array<vec4f>;          // [n, oh, ow, c4]; x where p.mask = 0
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;  // [n, h, w, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c4) { return; }
  let at = place_of(i, p.h, p.w);
  let oy = divide(at.y, p.stride_h);
  let ox = divide(at.x, p.stride_w);
  var value = vec4f();
  if (oy * p.stride_h == at.y && ox * p.stride_w == at.x && oy < p.oh && ox < p.ow) {
    let source = ((at.image * p.oh + oy) * p.ow + ox) * p.c4 + at.c;
    value = x[source];
    if (p.mask == 1) { value = select(value, vec4f(), y[source] <= vec4f()); }
  }
  out[i] = value;
}
