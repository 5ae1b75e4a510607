// Gradient of softmax, dx = y (dy - sum(dy y)), or of log softmax, dx = dy - exp(y) sum(dy), from its result y.
// The reference variant: one thread a row, two passes. Good for few columns. Dispatch ceil(rows / 64), folded.
// use: grid
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [rows, n]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;    // [rows, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = flat_thread(gid, groups, 64);
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var sum = 0.0;
  for (var c = 0u; c < p.n; c++) { sum += dy[first + c] * select(y[first + c], 1.0, p.log == 1); }
  for (var c = 0u; c < p.n; c++) {
    let i = first + c;
    dx[i] = select(y[i] * (dy[i] - sum), dy[i] - exp(y[i]) * sum, p.log == 1);
  }
}
