// Exponential moving average: average += (1 - decay) (x - average).  One thread a vec4 of the flat buffers; dispatch
// ceil(blocks * 16 / 64), folded.
// use: grid
struct Params { vectors: u32, rate: f32 }   // blocks * 16; 1 - decay
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;               // [blocks, 64]
@group(0) @binding(2) var<storage, read_write> average: array<vec4f>;   // [blocks, 64]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i < p.vectors) { average[i] += p.rate * (x[i] - average[i]); }
}
