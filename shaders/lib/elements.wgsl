// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
