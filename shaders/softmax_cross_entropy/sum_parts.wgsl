// Adds up (loss, correct) of all rows in a fixed order, by one workgroup. Dispatch 1.
// use: batch, step, workgroup_sum, totals
struct Params {
  rows: u32,
  accumulate: u32,         // 1: add to loss and correct (a later slice)
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  totals: u32,             // 1: add the step to losses and counts, with the last slice
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> parts: array<vec2f>;         // [rows]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;      // [1]
@group(0) @binding(4) var<storage, read_write> correct: array<f32>;   // [1]
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;    // [SLOTS]
@group(0) @binding(6) var<storage, read_write> counts: array<u32>;    // [4]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var share = vec2f(0.0);
  for (var row = thread; row < p.rows; row += 256) { share += parts[row]; }
  var total = workgroup_sum(share, thread);
  if (thread == 0) {
    if (p.accumulate == 1) { total += vec2f(loss[0], correct[0]); }
    loss[0] = total.x;
    correct[0] = total.y;
    let is_last = p.base + p.rows == p.total;
    if (p.totals == 1 && is_last) { add_to_totals(total.x, total.y, valid_rows(step.rows, p.total)); }
  }
}
