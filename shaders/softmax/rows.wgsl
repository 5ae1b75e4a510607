// y = softmax(x) or log softmax(x) along rows: exp(x - max) / sum, or x - max - log(sum).
// The reference variant: one thread a row, three passes. Good for few columns. Dispatch ceil(rows / 64), folded.
// use: grid
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [rows, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = flat_thread(gid, groups, 64);
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var best = x[first];
  for (var c = 1u; c < p.n; c++) { best = max(best, x[first + c]); }
  var sum = 0.0;
  for (var c = 0u; c < p.n; c++) { sum += exp(x[first + c] - best); }
  let log_sum = log(sum);
  for (var c = 0u; c < p.n; c++) {
    let shifted = x[first + c] - best;
    out[first + c] = select(exp(shifted) / sum, shifted - log_sum, p.log == 1);
  }
}
