// Softmax, cross-entropy, its gradient and the count of right rows in one dispatch of one workgroup.
// Thread t takes rows t, t + 256, ...; the shares of the threads are summed as a tree. Dispatch 1.
// Good for the usual case, up to 1,024 rows of a few classes: it saves the second dispatch.
// use: batch, step, cross_entropy, cross_entropy_row, workgroup_sum, totals
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;      // [1]
@group(0) @binding(7) var<storage, read_write> correct: array<f32>;   // [1]
@group(0) @binding(8) var<storage, read_write> losses: array<f32>;    // [SLOTS]
@group(0) @binding(9) var<storage, read_write> counts: array<u32>;    // [4]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var share = vec2f(0.0);
  for (var row = thread; row < p.rows; row += 256) { share += cross_entropy_row(row); }
  var total = workgroup_sum(share, thread);
  if (thread == 0) {
    if (p.accumulate == 1) { total += vec2f(loss[0], correct[0]); }
    loss[0] = total.x;
    correct[0] = total.y;
    let is_last = p.base + p.rows == p.total;
    if (p.totals == 1 && is_last) { add_to_totals(total.x, total.y, valid_rows(step.rows, p.total)); }
  }
}
