// out[o, part, i] = scale * sum_l x[o, l, i] over the l of a part; with one part the whole sum.
// One thread an output, l in order; dispatch ceil(outer * parts * inner / 64), folded. Where outputs are fewer than
// threads a first dispatch sums parts of the length and a second one, with length = parts, adds those up in order.
// use: grid
struct Params {
  outer: u32, length: u32, inner: u32,
  parts: u32, chunk: u32,   // chunk = ceil(length / parts)
  scale: f32,
  accumulate: u32,          // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [outer, length, inner]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [outer, parts, inner]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.outer * p.parts * p.inner) { return; }
  let slot = id / p.inner;
  let i = id - slot * p.inner;
  let o = slot / p.parts;
  let first = (slot - o * p.parts) * p.chunk;
  let end = min(first + p.chunk, p.length);
  var sum = 0.0;
  for (var l = first; l < end; l++) { sum += x[(o * p.length + l) * p.inner + i]; }
  sum *= p.scale;
  if (p.accumulate == 1) { sum += out[id]; }
  out[id] = sum;
}
