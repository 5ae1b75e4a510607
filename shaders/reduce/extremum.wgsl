// out[o, part, i] = max (or min) over the l of a part of x[o, l, i], and index[o, part, i] = the first l that has it.
// A NaN counts as larger (smaller) than everything, so that it is seen.
// One thread an output, l in order; dispatch ceil(outer * parts * inner / 64), folded. A second dispatch over the parts
// of a first one takes l from `from_index`.
// use: grid, nan
struct Params {
  outer: u32, length: u32, inner: u32,
  parts: u32, chunk: u32,   // chunk = ceil(length / parts)
  minimum: u32,             // 1: min
  indexed: u32,             // 1: x are results of parts, their l stand in from_index
  base: u32,                // l of the first row (slices)
  accumulate: u32,          // 1: compare with what is there, from smaller l
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [outer, length, inner]
@group(0) @binding(2) var<storage, read> from_index: array<u32>;    // [outer, length, inner]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;     // [outer, parts, inner]
@group(0) @binding(4) var<storage, read_write> index: array<u32>;   // [outer, parts, inner]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.outer * p.parts * p.inner) { return; }
  let slot = id / p.inner;
  let i = id - slot * p.inner;
  let o = slot / p.parts;
  let first = (slot - o * p.parts) * p.chunk;
  let end = min(first + p.chunk, p.length);
  var at = (o * p.length + first) * p.inner + i;
  var best = x[at];
  var best_l = first;
  var best_at = at;
  for (var l = first + 1; l < end; l++) {
    at += p.inner;
    if (beats(x[at], best)) {
      best = x[at];
      best_l = l;
      best_at = at;
    }
  }
  best_l += p.base;
  if (p.indexed == 1) { best_l = from_index[best_at]; }
  if (p.accumulate == 1 && !beats(best, out[id])) { return; }
  out[id] = best;
  index[id] = best_l;
}

fn beats(a: f32, b: f32) -> bool {
  if (is_nan(b)) { return false; }
  return is_nan(a) || select(a > b, a < b, p.minimum == 1);
}
