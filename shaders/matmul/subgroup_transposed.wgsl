enable subgroups;
// C[m, n] = act(sum_k A[m, k] * B[n, k] + bias[n]), A optionally stored transposed: subgroup.wgsl for a B stored transposed,
// as the kernel of a dense layer is for its dX.
// One workgroup = one subgroup of SG lanes: TM rows x 4 SG columns, a lane owns a quad of columns. For SG values of k the
// TM rows of A are loaded one k a lane and broadcast k after k; of each of its columns a lane reads four values of k at
// once, as they lie. TM + SG loads and SG TM broadcasts for 4 SG TM multiply-adds a lane, and nothing is repacked: with few rows a copy
// of B costs more than C.
// Dispatch ceil(m / TM) * ceil(n / (4 SG)), folded.
// Needs subgroups of SG lanes, n and k multiples of 4. Good for software adapters and few rows; instead: strip_pair.wgsl for
// many. On a GPU the lanes' columns lie too far apart to be read together.
const SG: u32 = 8;
const TM: u32 = 8;   // rows a tile
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;            // [m, k]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;          // [n, k / 4]
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

// B[column .. column + 4, 4 quad .. 4 quad + 4], a vec4 of columns for each k.
fn load_columns(column: u32, quad: u32) -> mat4x4f {
  let at = column * (p.k / 4) + quad;
  return transpose(mat4x4f(b[at], b[at + p.k / 4], b[at + 2 * (p.k / 4)], b[at + 3 * (p.k / 4)]));
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
  let column = min(quad, quads - 1) * 4;
  var sums: array<vec4f, TM>;
  let whole = p.k / SG;
  for (var turn = 0u; turn < whole; turn++) {
    let k0 = turn * SG;
    let rows = load_rows(row0, k0 + lane);
    for (var u = 0u; u < SG / 4; u++) {
      let columns = load_columns(column, k0 / 4 + u);
      for (var j = 0u; j < 4; j++) {
        for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rows[r], 4 * u + j) * columns[j]; }
      }
    }
  }
  let k0 = whole * SG;
  let rest = load_rows(row0, k0 + lane);
  for (var u = 0u; u < (p.k - k0) / 4; u++) {
    let columns = load_columns(column, k0 / 4 + u);
    for (var j = 0u; j < 4; j++) {
      for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rest[r], 4 * u + j) * columns[j]; }
    }
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
