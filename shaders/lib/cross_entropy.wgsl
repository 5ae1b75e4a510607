// What the softmax cross-entropy kernels share: parameters, bindings and one row by one thread.
struct Params {
  rows: u32, n: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  weighted: u32,           // 1: class_weights are given
  accumulate: u32,         // 1: add to loss and correct (a later slice)
  gradient: u32,           // 1: write dlogits
  totals: u32,             // 1: add the step to losses and counts, with the last slice
  nan: u32,                // bits of a NaN, which WGSL cannot write as a constant
  smoothing: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> logits: array<f32>;              // [rows, n]
@group(0) @binding(3) var<storage, read> labels: array<u32>;              // [rows]
@group(0) @binding(4) var<storage, read> class_weights: array<f32>;       // [n]
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;       // [rows, n]

// Weight of a row in the mean. A label that does not exist makes it NaN, and with it loss and gradient.
fn row_weight(label: u32) -> f32 {
  if (label >= p.n) { return bitcast<f32>(p.nan); }
  var weight = 1.0;
  if (p.weighted == 1) { weight = class_weights[label]; }
  return weight / f32(valid_rows(step.rows, p.total));
}

// Loss from the sum of exp(z - best), the label's z - best and the sum of all z - best.
fn row_loss(sum: f32, of_label: f32, of_all: f32) -> f32 {
  var loss = log(sum) - (1.0 - p.smoothing) * of_label;
  // Only when it counts: 0 times a logit of minus infinity would be NaN.
  if (p.smoothing > 0.0) { loss -= p.smoothing / f32(p.n) * of_all; }
  return loss;
}

fn row_gradient(shifted: f32, sum: f32, is_label: bool, weight: f32) -> f32 {
  let goal = p.smoothing / f32(p.n) + select(0.0, 1.0 - p.smoothing, is_label);
  return weight * (exp(shifted) / sum - goal);
}
