// Adds up the partial sums of optimizer/norm_parts, by one workgroup in a fixed order. Dispatch 1.
// use: workgroup_sum
struct Params { parts: u32, accumulate: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;              // [parts]
@group(0) @binding(2) var<storage, read_write> squared_norm: array<f32>;   // [1]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var share = 0.0;
  for (var i = thread; i < p.parts; i += 256) { share += partial[i]; }
  var total = workgroup_sum(vec2f(share, 0.0), thread).x;
  if (thread == 0) {
    if (p.accumulate == 1) { total += squared_norm[0]; }
    squared_norm[0] = total;
  }
}
