// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
