// loss = sum_r w[label] (logsumexp(z_r) - sum_c goal_c z_rc) / valid rows, with dloss/dz and the count of right rows.
// The reference variant: one thread a row, which leaves its loss in `parts`; sum_parts adds them up in a second dispatch.
// Three passes over a row (maximum, sum of exponentials, gradient). Dispatch ceil(rows / 64), folded.
// use: grid, batch, step, cross_entropy, cross_entropy_row
@group(0) @binding(6) var<storage, read_write> parts: array<vec2f>;   // [rows] loss and correct of each row

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = flat_thread(gid, groups, 64);
  if (row < p.rows) { parts[row] = cross_entropy_row(row); }
}
