// Adds one step to the totals that stay on the device. Losses go to slot (steps done) % SLOTS, so that a sum of many steps
// does not lose digits: the host adds the slots up in float64. One thread; dispatch 1.
// use: step, batch
const SLOTS: u32 = 512;
struct Params { batch: u32, correct: u32 }   // rows of a batch; 1: a count of right rows is given
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> loss: array<f32>;           // [1] mean over the valid rows
@group(0) @binding(3) var<storage, read> correct: array<f32>;        // [1]
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;   // [SLOTS] sums of loss * rows
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;   // [4] correct, rows, steps, 1 if a loss was not finite

@compute @workgroup_size(1)
fn main() {
  let rows = valid_rows(step.rows, p.batch);
  losses[counts[2] % SLOTS] += loss[0] * f32(rows);
  if (p.correct == 1) { counts[0] += u32(correct[0]); }
  counts[1] += rows;
  counts[2] += 1;
  // On the bits: comparisons with NaN are compiled away on some drivers.
  if ((bitcast<u32>(loss[0]) & 0x7f800000u) == 0x7f800000u) { counts[3] = 1; }
}
