// out[n, oy, ox, c] = x[n, oy * stride_h, ox * stride_w, c]: every stride-th pixel of a picture.
// One thread four channels. Dispatch ceil(n * oh * ow * c4 / 64), folded.
// Needs c % 4 == 0, and pixels below 2^22 (lib/divide.wgsl).
// use: grid, divide, strided_pixels
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [n, h, w, c4]
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;  // [n, oh, ow, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.c4) { return; }
  let at = place_of(i, p.oh, p.ow);
  out[i] = x[((at.image * p.h + at.y * p.stride_h) * p.w + at.x * p.stride_w) * p.c4 + at.c];
}
