// Softmax cross-entropy with one workgroup a row: its threads share the classes. Each row's loss goes to `parts`, which
// sum_parts adds up in a second dispatch. Dispatch rows, folded.
// Good for many classes (1,000 and more) on a GPU, where one thread a row leaves most of the device idle.
// use: batch, step, cross_entropy, workgroup_sum
@group(0) @binding(6) var<storage, read_write> parts: array<vec2f>;   // [rows] loss and correct of each row

var<workgroup> values: array<f32, 256>;
var<workgroup> places: array<u32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = wid.x + wid.y * groups.x;
  if (row >= p.rows) { return; }
  let first = row * p.n;
  if (p.base + row >= valid_rows(step.rows, p.total)) {
    for (var c = thread; c < p.n && p.gradient == 1; c += 256) { dlogits[first + c] = 0.0; }
    if (thread == 0) { parts[row] = vec2f(0.0); }
    return;
  }

  // The first maximum: among equal values the smaller place wins.
  var best = logits[first + min(thread, p.n - 1)];
  var winner = min(thread, p.n - 1);
  for (var c = thread + 256; c < p.n; c += 256) {
    let z = logits[first + c];
    if (z > best) { best = z; winner = c; }
  }
  values[thread] = best;
  places[thread] = winner;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) {
      let other = values[thread + half];
      let place = places[thread + half];
      if (other > values[thread] || (other == values[thread] && place < places[thread])) {
        values[thread] = other;
        places[thread] = place;
      }
    }
    workgroupBarrier();
  }
  best = values[0];

  var share = vec2f(0.0);
  for (var c = thread; c < p.n; c += 256) {
    let shifted = logits[first + c] - best;
    share += vec2f(exp(shifted), shifted);
  }
  let total = workgroup_sum(share, thread);
  let label = labels[row];
  let weight = row_weight(label);
  for (var c = thread; c < p.n && p.gradient == 1; c += 256) {
    dlogits[first + c] = row_gradient(logits[first + c] - best, total.x, c == label, weight);
  }
  if (thread == 0) {
    let of_label = logits[first + min(label, p.n - 1)] - best;
    parts[row] = vec2f(weight * row_loss(total.x, of_label, total.y), select(0.0, 1.0, places[0] == label));
  }
}
