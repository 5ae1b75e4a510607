enable subgroups;
// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A optionally stored transposed.
// One workgroup = one subgroup of SG lanes: TM rows x 4 SG columns, a lane owns a quad of columns. For SG values of k the
// TM rows of A are loaded one k a lane and broadcast k after k; B's rows are read as they lie, side by side. No workgroup
// memory and no barriers: SG + TM loads and SG TM broadcasts for 4 SG TM multiply-adds a lane.
// Dispatch ceil(m / TM) * ceil(n / (4 SG)), folded.
// Needs subgroups of SG lanes, n a multiple of 4, B not transposed.
// Good for GPUs on which workgroup memory is slow or barriers are dear; elsewhere tiles broadcast less for a multiply-add.
const SG: u32 = 32;
const TM: u32 = 8;   // rows a tile
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;            // [m, k]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;          // [k, n / 4]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;       // [n / 4]
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;  // [m, n / 4]

// A[row0 .. row0 + TM, k], 0 past the edges.
fn load_rows(row0: u32, k: u32) -> array<f32, TM> {
  var rows: array<f32, TM>;
  for (var r = 0u; r < TM; r++) {
    let ok = row0 + r < p.m && k < p.k;
    rows[r] = select(0.0, a[select(0u, (row0 + r) * p.a_row + k * p.a_step, ok)], ok);
  }
  return rows;
}

@compute @workgroup_size(SG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let quads = p.n / 4;
  let column_tiles = (quads + SG - 1) / SG;
  let tile = wid.x + wid.y * groups.x;
  let row0 = tile / column_tiles * TM;
  let quad = tile % column_tiles * SG + lane;
  if (row0 >= p.m) { return; }  // the whole subgroup

  // Lanes past the edge work on the last quad; their results are not stored.
  let column = min(quad, quads - 1);
  var sums: array<vec4f, TM>;
  let whole = p.k / SG;
  for (var turn = 0u; turn < whole; turn++) {
    let k0 = turn * SG;
    let rows = load_rows(row0, k0 + lane);
    // A constant number of turns: drivers unroll them, and a broadcast from a lane that is known costs much less.
    for (var u = 0u; u < SG; u++) {
      let values = b[(k0 + u) * quads + column];
      for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rows[r], u) * values; }
    }
  }
  let k0 = whole * SG;
  let rest = load_rows(row0, k0 + lane);
  for (var u = 0u; u < p.k - k0; u++) {
    let values = b[(k0 + u) * quads + column];
    for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rest[r], u) * values; }
  }
  for (var r = 0u; r < TM; r++) {
    if (row0 + r < p.m && quad < quads) {
      var sum = sums[r];
      if (p.bias == 1) { sum += bias[quad]; }
      // Not max(sum, 0): that would turn a NaN into 0 and hide it.
      if (p.relu == 1) { sum = select(sum, vec4f(), sum <= vec4f()); }
      let at = (row0 + r) * quads + quad;
      if (p.accumulate == 1) { sum += out[at]; }
      out[at] = sum;
    }
  }
}
