// What the device can multiply and add at most: CHAINS independent chains in registers, which nothing is loaded for. A
// processor needs enough of them to hide the latency of its vector units, and few enough for its registers; so several
// numbers are tried. UNROLLED steps stand between two turns of the loop, whose own cost then hardly counts.
// Dispatch: any number of workgroups; each thread does TURNS * UNROLLED * CHAINS multiply-adds.

const CHAINS: u32 = 8;
const TURNS: u32 = 256;
const UNROLLED: u32 = 8;

struct Params {
  factor: f32, // just below 1, so that nothing grows out of range
  summand: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // [threads]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = p.factor;
  let summand = p.summand;
  var sums: array<f32, CHAINS>;
  for (var i = 0u; i < CHAINS; i++) { sums[i] = f32(id.x + i); }
  for (var turn = 0u; turn < TURNS; turn++) {
    for (var step = 0u; step < UNROLLED; step++) {
      for (var i = 0u; i < CHAINS; i++) { sums[i] = fma(sums[i], factor, summand); }
    }
  }
  var total = 0.0;
  for (var i = 0u; i < CHAINS; i++) { total += sums[i]; }
  out[id.x] = total;
}
