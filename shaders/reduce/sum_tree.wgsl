// out[o, part, i] = scale * sum_l x[o, l, i] over the l of a part, by workgroups.
//
// tile: COLUMNS neighbouring i; LANES threads share the l of a part, thread by thread, and add up their sums as a tree
//       in workgroup memory: always the same order.
// dispatch: outer * parts * ceil(inner / COLUMNS), folded. Few outputs: parts first, then a second dispatch over them.
// good for: GPUs. COLUMNS = 1 for sums along the last axis, where neighbouring threads read neighbouring l; a software
//       adapter splits a shader at every barrier and is faster with sum.wgsl.
const COLUMNS: u32 = 1;
const LANES: u32 = 256;
struct Params {
  outer: u32, length: u32, inner: u32,
  parts: u32, chunk: u32,   // chunk = ceil(length / parts)
  scale: f32,
  accumulate: u32,          // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [outer, length, inner]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [outer, parts, inner]

var<workgroup> sums: array<f32, COLUMNS * LANES>;

@compute @workgroup_size(COLUMNS, LANES)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let blocks = (p.inner + COLUMNS - 1) / COLUMNS;
  let id = wid.x + wid.y * groups.x;
  let slot = id / blocks;
  let i = (id - slot * blocks) * COLUMNS + lid.x;
  let o = slot / p.parts;
  let first = (slot - o * p.parts) * p.chunk;
  let inside = i < p.inner && o < p.outer;
  var sum = 0.0;
  if (inside) {
    let end = min(first + p.chunk, p.length);
    for (var l = first + lid.y; l < end; l += LANES) { sum += x[(o * p.length + l) * p.inner + i]; }
  }
  let mine = lid.y * COLUMNS + lid.x;
  sums[mine] = sum;
  for (var width = LANES / 2; width > 0; width /= 2) {
    workgroupBarrier();
    if (lid.y < width) { sums[mine] += sums[mine + width * COLUMNS]; }
  }
  if (inside && lid.y == 0) {
    sum = sums[mine] * p.scale;
    if (p.accumulate == 1) { sum += out[slot * p.inner + i]; }
    out[slot * p.inner + i] = sum;
  }
}
