// Gradient of softmax, dx = y (dy - sum(dy y)), or of log softmax, dx = dy - exp(y) sum(dy), from its result y.
// One workgroup of 256 threads a row: good for many columns on a GPU. Dispatch rows, folded.
// use: workgroup_sum
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [rows, n]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;    // [rows, n]

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = wid.x + wid.y * groups.x;
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var share = 0.0;
  for (var c = thread; c < p.n; c += 256) { share += dy[first + c] * select(y[first + c], 1.0, p.log == 1); }
  let sum = workgroup_sum(vec2f(share, 0.0), thread).x;
  for (var c = thread; c < p.n; c += 256) {
    let i = first + c;
    dx[i] = select(y[i] * (dy[i] - sum), dy[i] - exp(y[i]) * sum, p.log == 1);
  }
}
