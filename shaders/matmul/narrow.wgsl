enable subgroups;
// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]) for few columns, as the logits of a classifier have them. B optionally stored
// transposed.
// One workgroup = one subgroup of SG lanes, a lane owns a row of C, all N of its sums in registers. For four values of k
// a lane reads those of its row at once; the 4 N values of B are loaded one a lane and broadcast: 1 + ceil(4 N / SG) loads for 4 N
// multiply-adds a lane, in a single dispatch.
// Dispatch ceil(m / SG), folded.
// Needs subgroups of SG lanes, k a multiple of 4. Good for software adapters.
const SG: u32 = 8;
const N: u32 = 10;   // p.n
const LOADS: u32 = (4 * N + SG - 1) / SG;
struct Params {
  m: u32, n: u32, k: u32,
  b_row: u32, b_column: u32,    // from one k to the next, from one column to the next: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;         // [m, k / 4]
@group(0) @binding(2) var<storage, read> b: array<f32>;           // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;        // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;   // [m, n]

@compute @workgroup_size(SG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let row0 = (wid.x + wid.y * groups.x) * SG;
  if (row0 >= p.m) { return; }  // the whole subgroup
  // Lanes past the edge work on the last row; their results are not stored.
  let row = min(row0 + lane, p.m - 1);
  var sums: array<f32, N>;
  let quads = p.k / 4;
  for (var quad = 0u; quad < quads; quad++) {
    let k0 = quad * 4;
    let values = a[row * quads + quad];
    // Value i of the four rows of B is that of k0 + i / N, column i % N.
    var weights: array<f32, LOADS>;
    for (var t = 0u; t < LOADS; t++) {
      let i = min(t * SG + lane, 4 * N - 1);
      weights[t] = b[(k0 + i / N) * p.b_row + i % N * p.b_column];
    }
    for (var j = 0u; j < 4; j++) {
      for (var c = 0u; c < N; c++) {
        let i = j * N + c;
        sums[c] += values[j] * subgroupShuffle(weights[i / SG], i % SG);
      }
    }
  }
  if (row0 + lane >= p.m) { return; }
  for (var c = 0u; c < N; c++) {
    var sum = sums[c];
    if (p.bias == 1) { sum += bias[c]; }
    // Not max(sum, 0): that would turn a NaN into 0 and hide it.
    if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
    let at = row * N + c;
    if (p.accumulate == 1) { sum += out[at]; }
    out[at] = sum;
  }
}
