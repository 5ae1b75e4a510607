// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
