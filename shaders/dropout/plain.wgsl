// out[i] = keep(i) ? x[i] / (1 - rate) : 0, keep(i) with probability 1 - rate.
// The mask is not stored: it is a pure function of (seed, step, id, i), so the backward draws it again. One Philox call
// gives the words of four neighbouring elements, so one thread takes four; dispatch ceil(size / 256), folded.
// Any shape, any device; bound by memory on a GPU (250 integer operations for 32 bytes).
// use: grid, step, philox, dropout
struct Params {
  size: u32,
  base: u32,        // number of the first element; a multiple of 4
  id: u32,          // which dropout of the network
  threshold: u32,   // rate * 2^24: an element is kept when the upper 24 bits of its word reach it
  scale: f32,       // 1 / (1 - rate)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;           // [size]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = 4 * flat_thread(gid, groups, 64);
  if (first >= p.size) { return; }
  let words = drop_words((p.base + first) / 4, p.id);
  for (var k = 0u; k < 4; k++) {
    let i = first + k;
    if (i < p.size) { out[i] = select(0.0, x[i] * p.scale, is_kept(words[k], p.threshold)); }
  }
}
