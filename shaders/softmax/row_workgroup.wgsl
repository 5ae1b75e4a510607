// y = softmax(x) or log softmax(x) along rows: exp(x - max) / sum, or x - max - log(sum).
// One workgroup of 256 threads a row: good for many columns on a GPU. Dispatch rows, folded.
// use: workgroup_sum
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [rows, n]

var<workgroup> largest: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = wid.x + wid.y * groups.x;
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var best = x[first + min(thread, p.n - 1)];
  for (var c = thread + 256; c < p.n; c += 256) { best = max(best, x[first + c]); }
  largest[thread] = best;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { largest[thread] = max(largest[thread], largest[thread + half]); }
    workgroupBarrier();
  }
  best = largest[0];
  var share = 0.0;
  for (var c = thread; c < p.n; c += 256) { share += exp(x[first + c] - best); }
  let sum = workgroup_sum(vec2f(share, 0.0), thread).x;
  let log_sum = log(sum);
  for (var c = thread; c < p.n; c += 256) {
    let shifted = x[first + c] - best;
    out[first + c] = select(exp(shifted) / sum, shifted - log_sum, p.log == 1);
  }
}
