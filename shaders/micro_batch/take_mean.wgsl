// gradient[i] = sum[i] / rows;  sum[i] = 0: the mean over all micro-batches, and the sum made ready for the next step.
// rows are the real pictures of the whole batch (step.rows; 0: all p.batch of them).
// One thread an element; dispatch ceil(size / 64), folded.
// use: grid, step
struct Params { size: u32, batch: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;        // [size]
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;   // [size]
@group(0) @binding(3) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  let rows = f32(select(step.rows, p.batch, step.rows == 0));
  gradient[i] = sum[i] / rows;
  sum[i] = 0.0;
}
