// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A and B optionally stored transposed.
// Each thread computes a TM x TN tile of C in registers: TM + TN loads for TM * TN multiply-adds, where the plain
// variant pays two loads for one. Rows and columns of a thread are interleaved with its neighbours', so that the
// threads of a subgroup load neighbouring addresses of B.
// Workgroup 8 x 8 threads = (8 TM) x (8 TN) of C; dispatch [ceil(n / (8 TN)), ceil(m / (8 TM))].
// Good for any shape on any device; on real GPUs the workgroup-memory tile is better.
const TM: u32 = 4;
const TN: u32 = 4;
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  b_column: u32, b_step: u32,   // the same for B: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // [m, n]

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
  let row0 = wid.y * 8 * TM + lid.y;
  let column0 = wid.x * 8 * TN + lid.x;
  var sums: array<array<f32, TN>, TM>;
  var rows: array<u32, TM>;
  var columns: array<u32, TN>;
  // Threads past the edge work on the last row or column; their results are not stored.
  for (var i = 0u; i < TM; i++) { rows[i] = min(row0 + 8 * i, p.m - 1) * p.a_row; }
  for (var j = 0u; j < TN; j++) { columns[j] = min(column0 + 8 * j, p.n - 1) * p.b_column; }
  for (var k = 0u; k < p.k; k++) {
    var values: array<f32, TN>;
    for (var j = 0u; j < TN; j++) { values[j] = b[columns[j] + k * p.b_step]; }
    for (var i = 0u; i < TM; i++) {
      let value = a[rows[i] + k * p.a_step];
      for (var j = 0u; j < TN; j++) { sums[i][j] += value * values[j]; }
    }
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 8 * i;
    for (var j = 0u; j < TN; j++) {
      let column = column0 + 8 * j;
      if (row < p.m && column < p.n) {
        var sum = sums[i][j];
        if (p.bias == 1) { sum += bias[column]; }
        // Not max(sum, 0): that would turn a NaN into 0 and hide it.
        if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
        let at = row * p.n + column;
        if (p.accumulate == 1) { sum += out[at]; }
        out[at] = sum;
      }
    }
  }
}
