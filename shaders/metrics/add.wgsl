// Adds one step to the totals that stay on the device (shaders/lib/totals.wgsl). One thread; dispatch 1.
// use: step, batch, totals
struct Params { batch: u32, correct: u32 }   // rows of a batch; 1: a count of right rows is given
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> loss: array<f32>;           // [1] mean over the valid rows
@group(0) @binding(3) var<storage, read> correct: array<f32>;        // [1]
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;   // [SLOTS]
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;   // [4]

@compute @workgroup_size(1)
fn main() {
  var right = 0.0;
  if (p.correct == 1) { right = correct[0]; }
  add_to_totals(loss[0], right, valid_rows(step.rows, p.batch));
}
