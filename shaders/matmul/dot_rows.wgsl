enable subgroups;
// C[m, n] = act(sum_k A[m, k] * B[n, k] + bias[n]): B stored transposed, as the kernel of a dense layer is for its dX.
// One workgroup = one subgroup of SG lanes: one row x TN columns. Both matrices lie along k: a lane takes four neighbouring
// values of k of the row and of each column, so that TN + 1 loads feed 4 TN multiply-adds a lane; the lanes' sums are added
// at the end, once a column. Nothing is repacked, which is what it is for: with few rows a copy of B costs more than C.
// Dispatch m * ceil(n / TN), folded.
// Needs subgroups of SG lanes, k a multiple of 4. Good for software adapters and few rows; instead: strip.wgsl for many.
const SG: u32 = 8;
const TN: u32 = 8;   // columns a subgroup, at most SG
struct Params {
  m: u32, n: u32, k: u32,
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;          // [m, k / 4]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;          // [n, k / 4]
@group(0) @binding(3) var<storage, read> bias: array<f32>;         // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;    // [m, n]

@compute @workgroup_size(SG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let tiles = (p.n + TN - 1) / TN;
  let tile = wid.x + wid.y * groups.x;
  let row = tile / tiles;
  let column0 = tile % tiles * TN;
  if (row >= p.m) { return; }  // the whole subgroup
  let quads = p.k / 4;
  var sums: array<vec4f, TN>;
  for (var quad0 = 0u; quad0 < quads; quad0 += SG) {
    // Lanes past the end work on the last values and add nothing; columns past the edge repeat the last one.
    let inside = quad0 + lane < quads;
    let quad = min(quad0 + lane, quads - 1);
    let values = a[row * quads + quad];
    for (var t = 0u; t < TN; t++) {
      sums[t] += select(vec4f(), values * b[min(column0 + t, p.n - 1) * quads + quad], inside);
    }
  }
  // Lane t keeps column t, so that all are finished and stored at once.
  var sum = 0.0;
  for (var t = 0u; t < TN; t++) {
    let whole = subgroupAdd(sums[t].x + sums[t].y + sums[t].z + sums[t].w);
    if (t == lane) { sum = whole; }
  }
  let column = column0 + lane;
  if (lane < TN && column < p.n) {
    if (p.bias == 1) { sum += bias[column]; }
    // Not max(sum, 0): that would turn a NaN into 0 and hide it.
    if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
    let at = row * p.n + column;
    if (p.accumulate == 1) { sum += out[at]; }
    out[at] = sum;
  }
}
