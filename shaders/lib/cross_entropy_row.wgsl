// One row by one thread: writes its gradient and returns its share of (loss, correct).
fn cross_entropy_row(row: u32) -> vec2f {
  let first = row * p.n;
  if (p.base + row >= valid_rows(step.rows, p.total)) {
    if (p.gradient == 1) {
      for (var c = 0u; c < p.n; c++) { dlogits[first + c] = 0.0; }
    }
    return vec2f(0.0);
  }
  let label = labels[row];
  let weight = row_weight(label);
  var best = logits[first];
  var winner = 0u;
  for (var c = 1u; c < p.n; c++) {
    let z = logits[first + c];
    if (z > best) { best = z; winner = c; }
  }
  var sum = 0.0;
  var of_all = 0.0;
  for (var c = 0u; c < p.n; c++) {
    let shifted = logits[first + c] - best;
    sum += exp(shifted);
    of_all += shifted;
  }
  if (p.gradient == 1) {
    for (var c = 0u; c < p.n; c++) {
      dlogits[first + c] = row_gradient(logits[first + c] - best, sum, c == label, weight);
    }
  }
  let of_label = logits[first + min(label, p.n - 1)] - best;
  return vec2f(weight * row_loss(sum, of_label, of_all), select(0.0, 1.0, winner == label));
}
