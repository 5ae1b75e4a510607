// out[i] = word i of the random stream (seed, step, id): word i % 4 of Philox at counter (i / 4, step, id, 0).
// One thread four words; dispatch ceil(size / 256), folded.
// use: grid, step, philox
struct Params {
  size: u32,
  base: u32,   // number of the first word; a multiple of 4
  id: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = 4 * flat_thread(gid, groups, 64);
  if (first >= p.size) { return; }
  let words = philox4x32(vec4u((p.base + first) / 4, step.step, p.id, 0), vec2u(step.seed, 0));
  for (var k = 0u; k < 4; k++) {
    if (first + k < p.size) { out[first + k] = words[k]; }
  }
}
