// What the device can multiply and add at most: CHAINS independent chains of vec4 in registers, which nothing is loaded
// for. Dispatch: any number of workgroups; each thread does TURNS * CHAINS * 4 multiply-adds.

const CHAINS = 8u;
const TURNS = 256u;

struct Params {
  factor: f32, // just below 1, so that nothing grows out of range
  summand: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>; // [threads]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(p.factor);
  let summand = vec4f(p.summand);
  var sums: array<vec4f, CHAINS>;
  for (var i = 0u; i < CHAINS; i++) {
    sums[i] = vec4f(f32(id.x + i));
  }
  for (var turn = 0u; turn < TURNS; turn++) {
    for (var i = 0u; i < CHAINS; i++) {
      sums[i] = fma(sums[i], factor, summand);
    }
  }
  var total = vec4f();
  for (var i = 0u; i < CHAINS; i++) {
    total += sums[i];
  }
  out[id.x] = total;
}
