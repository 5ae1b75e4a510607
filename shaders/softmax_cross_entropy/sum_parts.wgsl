// Adds up (loss, correct) of all rows in a fixed order, by one workgroup. Dispatch 1.
// use: workgroup_sum
struct Params { rows: u32, accumulate: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> parts: array<vec2f>;         // [rows]
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;      // [1]
@group(0) @binding(3) var<storage, read_write> correct: array<f32>;   // [1]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var share = vec2f(0.0);
  for (var row = thread; row < p.rows; row += 256) { share += parts[row]; }
  var total = workgroup_sum(share, thread);
  if (thread == 0) {
    if (p.accumulate == 1) { total += vec2f(loss[0], correct[0]); }
    loss[0] = total.x;
    correct[0] = total.y;
  }
}
