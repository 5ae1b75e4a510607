// Sum of the squares of the gradients that are not frozen, first pass: each of `parts` workgroups takes every parts-th
// run of 256 vec4, and leaves its sum in `partial`. Which thread adds what is fixed, so the bits are too.
// Dispatch parts. The second pass is optimizer/norm_sum.
// use: optimizer, workgroup_sum
struct Params { vectors: u32, parts: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;        // [blocks, 64]
@group(0) @binding(2) var<storage, read> segments: array<vec2f>;         // [blocks] learning-rate scale, decay factor
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;      // [parts]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) thread: u32) {
  var share = 0.0;
  for (var i = wid.x * 256 + thread; i < p.vectors; i += 256 * p.parts) {
    let g = gradients[i];
    if (segments[block_of(i)].x != 0.0) { share += dot(g, g); }
  }
  let total = workgroup_sum(vec2f(share, 0.0), thread);
  if (thread == 0) { partial[wid.x] = total.x; }
}
