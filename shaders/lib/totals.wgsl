// Adds one step to the totals that stay on the device. Losses go to slot (steps done) % SLOTS, so that a sum of many steps
// does not lose digits: the host adds the slots up in float64. Who uses it binds
//   losses: array<f32>   // [SLOTS] sums of loss * rows
//   counts: array<u32>   // [4] correct, rows, steps, 1 if a loss was not finite
const SLOTS: u32 = 512;

fn add_to_totals(loss: f32, correct: f32, rows: u32) {
  losses[counts[2] % SLOTS] += loss * f32(rows);
  counts[0] += u32(correct);
  counts[1] += rows;
  counts[2] += 1;
  // On the bits: comparisons with NaN are compiled away on some drivers.
  if ((bitcast<u32>(loss) & 0x7f800000u) == 0x7f800000u) { counts[3] = 1; }
}
