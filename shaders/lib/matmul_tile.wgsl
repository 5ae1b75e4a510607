// The body of the matrix products through workgroup memory. Who uses it says in which numbers the tiles are kept
// (`alias Quad`) and how large they are (TM, TQ, TX, TY, BK).
const ROWS: u32 = TM * TY;
const COLUMNS: u32 = 4 * TQ * TX;
const THREADS: u32 = TX * TY;
// Quads from one k of a tile to the next: one more than it has, so that the transposing stores of neighbouring k meet in
// fewer banks.
const LEFT: u32 = ROWS / 4 + 1;
const RIGHT: u32 = COLUMNS / 4 + 1;

struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  b_column: u32, b_step: u32,   // the same for B: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product; 0 where there are several shares
  accumulate: u32,              // 1: add to what is there; 0 where there are several shares
  shares: u32,                  // k is split into so many sums
  per_share: u32,               // values of k in a share, a multiple of BK
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // [shares, m, n]
@group(0) @binding(5) var<storage, read> a4: array<vec4f>;       // a once more, by quads
@group(0) @binding(6) var<storage, read> b4: array<vec4f>;       // b once more, by quads

var<workgroup> left: array<Quad, BK * LEFT>;     // [k, row / 4]
var<workgroup> right: array<Quad, BK * RIGHT>;   // [k, column / 4]

fn a_quad(at: u32, ok: bool) -> vec4f { return select(vec4f(), a4[select(0u, at / 4, ok)], ok); }
fn b_quad(at: u32, ok: bool) -> vec4f { return select(vec4f(), b4[select(0u, at / 4, ok)], ok); }
fn a_value(row: u32, k: u32, end: u32) -> f32 {
  let ok = row < p.m && k < end;
  return select(0.0, a[select(0u, row * p.a_row + k * p.a_step, ok)], ok);
}
fn b_value(column: u32, k: u32, end: u32) -> f32 {
  let ok = column < p.n && k < end;
  return select(0.0, b[select(0u, column * p.b_column + k * p.b_step, ok)], ok);
}
fn a_values(row: u32, k: u32, end: u32) -> vec4f {
  return vec4f(a_value(row, k, end), a_value(row + 1, k, end), a_value(row + 2, k, end), a_value(row + 3, k, end));
}
fn b_values(column: u32, k: u32, end: u32) -> vec4f {
  return vec4f(
    b_value(column, k, end), b_value(column + 1, k, end), b_value(column + 2, k, end), b_value(column + 3, k, end));
}

// Four rows at four values of k, a vec4 of rows for each k; 0 past the edges.
fn a_block(row: u32, k: u32, end: u32) -> mat4x4f {
  if (!QUADS) {
    return mat4x4f(a_values(row, k, end), a_values(row, k + 1, end), a_values(row, k + 2, end), a_values(row, k + 3, end));
  }
  if (p.a_step == 1) {
    let at = row * p.a_row + k;
    return transpose(mat4x4f(
      a_quad(at, k < end && row < p.m), a_quad(at + p.a_row, k < end && row + 1 < p.m),
      a_quad(at + 2 * p.a_row, k < end && row + 2 < p.m), a_quad(at + 3 * p.a_row, k < end && row + 3 < p.m)));
  }
  let at = row + k * p.a_step;
  return mat4x4f(
    a_quad(at, row < p.m && k < end), a_quad(at + p.a_step, row < p.m && k + 1 < end),
    a_quad(at + 2 * p.a_step, row < p.m && k + 2 < end), a_quad(at + 3 * p.a_step, row < p.m && k + 3 < end));
}

// The same for four columns of B.
fn b_block(column: u32, k: u32, end: u32) -> mat4x4f {
  if (!QUADS) {
    return mat4x4f(
      b_values(column, k, end), b_values(column, k + 1, end), b_values(column, k + 2, end), b_values(column, k + 3, end));
  }
  if (p.b_step == 1) {
    let at = column * p.b_column + k;
    return transpose(mat4x4f(
      b_quad(at, k < end && column < p.n), b_quad(at + p.b_column, k < end && column + 1 < p.n),
      b_quad(at + 2 * p.b_column, k < end && column + 2 < p.n), b_quad(at + 3 * p.b_column, k < end && column + 3 < p.n)));
  }
  let at = column + k * p.b_step;
  return mat4x4f(
    b_quad(at, column < p.n && k < end), b_quad(at + p.b_step, column < p.n && k + 1 < end),
    b_quad(at + 2 * p.b_step, column < p.n && k + 2 < end), b_quad(at + 3 * p.b_step, column < p.n && k + 3 < end));
}

fn put(share: u32, row: u32, column: u32, sums: vec4f) {
  for (var j = 0u; j < 4; j++) {
    if (row < p.m && column + j < p.n) {
      var sum = sums[j];
      if (p.bias == 1) { sum += bias[column + j]; }
      // Not max(sum, 0): that would turn a NaN into 0 and hide it.
      if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
      let at = (share * p.m + row) * p.n + column + j;
      if (p.accumulate == 1) { sum += out[at]; }
      out[at] = sum;
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column_tiles = (p.n + COLUMNS - 1) / COLUMNS;
  let row_tiles = (p.m + ROWS - 1) / ROWS;
  let tile = wid.x + wid.y * groups.x;
  let share = tile / (column_tiles * row_tiles);
  if (share >= p.shares) { return; }  // the whole workgroup
  let row0 = tile / column_tiles % row_tiles * ROWS;
  let column0 = tile % column_tiles * COLUMNS;
  let tx = thread % TX;
  let ty = thread / TX;

  var sums: array<vec4f, TM * TQ>;
  let first = share * p.per_share;
  let end = min(first + p.per_share, p.k);
  let turns = (end - first + BK - 1) / BK;
  for (var turn = 0u; turn < turns; turn++) {
    let k0 = first + turn * BK;
    // Neighbouring threads load along whichever axis is contiguous.
    for (var block = thread; block < ROWS * BK / 16; block += THREADS) {
      let along_k = p.a_step == 1;
      let k = 4 * select(block / (ROWS / 4), block % (BK / 4), along_k);
      let quad = select(block % (ROWS / 4), block / (BK / 4), along_k);
      let values = a_block(row0 + 4 * quad, k0 + k, end);
      left[k * LEFT + quad] = Quad(values[0]);
      left[(k + 1) * LEFT + quad] = Quad(values[1]);
      left[(k + 2) * LEFT + quad] = Quad(values[2]);
      left[(k + 3) * LEFT + quad] = Quad(values[3]);
    }
    for (var block = thread; block < COLUMNS * BK / 16; block += THREADS) {
      let along_k = p.b_step == 1;
      let k = 4 * select(block / (COLUMNS / 4), block % (BK / 4), along_k);
      let quad = select(block % (COLUMNS / 4), block / (BK / 4), along_k);
      let values = b_block(column0 + 4 * quad, k0 + k, end);
      right[k * RIGHT + quad] = Quad(values[0]);
      right[(k + 1) * RIGHT + quad] = Quad(values[1]);
      right[(k + 2) * RIGHT + quad] = Quad(values[2]);
      right[(k + 3) * RIGHT + quad] = Quad(values[3]);
    }
    workgroupBarrier();
    for (var k = 0u; k < BK; k++) {
      var b_quads: array<vec4f, TQ>;
      for (var j = 0u; j < TQ; j++) { b_quads[j] = vec4f(right[k * RIGHT + tx + TX * j]); }
      for (var i = 0u; i < TM / 4; i++) {
        let values = vec4f(left[k * LEFT + ty + TY * i]);
        for (var j = 0u; j < TQ; j++) {
          sums[(4 * i) * TQ + j] += values.x * b_quads[j];
          sums[(4 * i + 1) * TQ + j] += values.y * b_quads[j];
          sums[(4 * i + 2) * TQ + j] += values.z * b_quads[j];
          sums[(4 * i + 3) * TQ + j] += values.w * b_quads[j];
        }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 4 * (ty + TY * (i / 4)) + i % 4;
    for (var j = 0u; j < TQ; j++) { put(share, row, column0 + 4 * (tx + TX * j), sums[i * TQ + j]); }
  }
}
