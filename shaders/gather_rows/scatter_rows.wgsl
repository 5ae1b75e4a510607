// out[r, w] = sum over the i with indices[i] = r of dy[i, w]: the gradient of gather_rows.
// One thread an element of out reads all indices in order: no atomics, always the same sum. The cost is rows * count
// index loads for each column, which neighbouring threads share: good for tables of up to some thousand rows.
// Dispatch ceil(rows * width / 64), folded.
// use: grid
struct Params {
  rows: u32, width: u32, count: u32,
  accumulate: u32,   // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> indices: array<u32>;     // [count]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [count, width]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [rows, width]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.rows * p.width) { return; }
  let row = id / p.width;
  let column = id - row * p.width;
  var sum = 0.0;
  for (var i = 0u; i < p.count; i++) {
    if (indices[i] == row) { sum += dy[i * p.width + column]; }
  }
  if (p.accumulate == 1) { sum += out[id]; }
  out[id] = sum;
}
