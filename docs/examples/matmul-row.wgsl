// out[m, n] = act(sum_k a[m, k] b[k, n] + bias[n]), a kernel of somebody's own: one thread computes TILE neighbouring
// columns of a row, so that each value of a is loaded once for TILE multiply-adds.
//
// dispatch: ceil(m * ceil(n / TILE) / 64)
const TILE: u32 = 4;

// The uniform and the bindings of shaders/matmul/plain.wgsl.
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_k: u32,        // in a: from one row to the next, from one k to the next
  b_column: u32, b_k: u32,     // in b likewise
  bias: u32, relu: u32,
  accumulate: u32,             // 1: add to what `out` holds
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tiles = (p.n + TILE - 1) / TILE;
  let i = gid.x + gid.y * groups.x * 64;
  if (i >= p.m * tiles) { return; }
  let row = i / tiles;
  let column = i % tiles * TILE;
  var sum: array<f32, TILE>;
  for (var k = 0u; k < p.k; k++) {
    let value = a[row * p.a_row + k * p.a_k];
    for (var t = 0u; t < TILE; t++) {
      // Beyond the last column any value will do: it is not written.
      sum[t] += value * b[k * p.b_k + min(column + t, p.n - 1) * p.b_column];
    }
  }
  for (var t = 0u; t < TILE; t++) {
    if (column + t >= p.n) { break; }
    let at = row * p.n + column + t;
    var result = sum[t];
    if (p.accumulate == 1) { result += out[at]; }
    if (p.bias == 1) { result += bias[column + t]; }
    if (p.relu == 1) { result = select(result, 0.0, result <= 0.0); }
    out[at] = result;
  }
}
