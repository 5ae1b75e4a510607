// out[i] = f(a, b) with NumPy broadcasting: a and b are addressed by strides, 0 along the axes they are repeated over.
// One thread an element of out (at most 6 axes); dispatch ceil(size / 64), folded.
// use: grid, binary
const FN: u32 = 0;
struct Params {
  size: u32,
  shape0: u32, shape1: u32, shape2: u32, shape3: u32, shape4: u32, shape5: u32,
  a0: u32, a1: u32, a2: u32, a3: u32, a4: u32, a5: u32,
  b0: u32, b1: u32, b2: u32, b3: u32, b4: u32, b5: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [shape0, ..., shape5]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  var rest = i;
  let i5 = rest % p.shape5; rest /= p.shape5;
  let i4 = rest % p.shape4; rest /= p.shape4;
  let i3 = rest % p.shape3; rest /= p.shape3;
  let i2 = rest % p.shape2; rest /= p.shape2;
  let i1 = rest % p.shape1;
  let i0 = rest / p.shape1;
  let ia = i0 * p.a0 + i1 * p.a1 + i2 * p.a2 + i3 * p.a3 + i4 * p.a4 + i5 * p.a5;
  let ib = i0 * p.b0 + i1 * p.b1 + i2 * p.b2 + i3 * p.b3 + i4 * p.b4 + i5 * p.b5;
  out[i] = binary(FN, a[ia], b[ib]);
}
