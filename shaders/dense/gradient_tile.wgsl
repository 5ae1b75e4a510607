// gradient.wgsl through workgroup memory: a workgroup computes a tile of 32 x 32 of dx, or of dw and with its first row
// of tiles of db. Which of the two is decided by its number, so that both products fill the device together.
// Either is sum_t A[row, t] B[column, t], with A = dz, B = w, t = m for dx and A = x^T, B = dz^T, t = n for dw. For BK
// values of t 64 threads load both tiles, neighbours along whichever axis is contiguous, and mask dy as they load; each
// then accumulates 4 x 4 results, for which it reads 8 values a t.
// Dispatch (1 tile a workgroup) dx * ceil(n/32) * ceil(k/32) + ceil(k/32) * ceil(m/32), folded.
// Good for GPUs and layers so small that starting a kernel costs as much as running it. instead: matmul and
// conv2d/kernel_grad, with larger tiles, for large ones.
// use: dense_gradient
const BK: u32 = 16;
const TILE: u32 = 32;
// One more than it has, so that transposing stores meet in fewer banks.
const PITCH: u32 = TILE + 1;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [n, k]
@group(0) @binding(2) var<storage, read> w: array<f32>;          // [k, m]
@group(0) @binding(3) var<storage, read> y: array<f32>;          // [n, m]; any buffer without mask
@group(0) @binding(4) var<storage, read> dy: array<f32>;         // [n, m]
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;   // [n, k]
@group(0) @binding(6) var<storage, read_write> dw: array<f32>;   // [k, m]
@group(0) @binding(7) var<storage, read_write> db: array<f32>;   // [m]

var<workgroup> left: array<f32, BK * PITCH>;    // [t, row]
var<workgroup> right: array<f32, BK * PITCH>;   // [t, column]

fn dz(row: u32, column: u32, ok: bool) -> f32 {
  let at = select(0u, row * p.m + column, ok);
  var value = dy[at];
  if (p.mask == 1) { value = select(value * p.scale, 0.0, y[at] <= 0.0); }
  return select(0.0, value, ok);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let k_tiles = (p.k + TILE - 1) / TILE;
  let m_tiles = (p.m + TILE - 1) / TILE;
  let x_tiles = p.dx * ((p.n + TILE - 1) / TILE) * k_tiles;
  let tile = wid.x + wid.y * groups.x;
  if (tile >= x_tiles + k_tiles * m_tiles) { return; }  // the whole workgroup
  let for_x = tile < x_tiles;
  let number = select(tile - x_tiles, tile, for_x);
  let across = select(m_tiles, k_tiles, for_x);
  let row0 = number / across * TILE;
  let column0 = number % across * TILE;
  let rows = select(p.k, p.n, for_x);
  let columns = select(p.m, p.k, for_x);
  let length = select(p.n, p.m, for_x);
  let with_bias = !for_x && row0 == 0 && p.db == 1;

  let tx = thread % 8;
  let ty = thread / 8;
  var sums: array<vec4f, 4>;   // rows ty + 8 i, columns tx + 8 j
  var bias = 0.0;
  let turns = (length + BK - 1) / BK;
  for (var turn = 0u; turn < turns; turn++) {
    for (var i = thread; i < BK * TILE; i += 64u) {
      let t = select(i / TILE, i % BK, for_x);
      let at = select(i % TILE, i / BK, for_x);
      let step = turn * BK + t;
      let ok_row = step < length && row0 + at < rows;
      let ok_column = step < length && column0 + at < columns;
      if (for_x) {
        left[t * PITCH + at] = dz(row0 + at, step, ok_row);
        right[t * PITCH + at] = select(0.0, w[select(0u, (column0 + at) * p.m + step, ok_column)], ok_column);
      } else {
        left[t * PITCH + at] = select(0.0, x[select(0u, step * p.k + row0 + at, ok_row)], ok_row);
        right[t * PITCH + at] = dz(step, column0 + at, ok_column);
      }
    }
    workgroupBarrier();
    for (var t = 0u; t < BK; t++) {
      let start = t * PITCH;
      let b = vec4f(right[start + tx], right[start + tx + 8], right[start + tx + 16], right[start + tx + 24]);
      for (var i = 0u; i < 4; i++) { sums[i] += left[start + ty + 8 * i] * b; }
    }
    if (with_bias && thread < TILE) {
      for (var t = 0u; t < BK; t++) { bias += right[t * PITCH + thread]; }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < 4; i++) {
    let row = row0 + ty + 8 * i;
    for (var j = 0u; j < 4; j++) {
      let column = column0 + tx + 8 * j;
      if (row >= rows || column >= columns) { continue; }
      let at = row * columns + column;
      if (for_x) {
        dx[at] = sums[i][j];
      } else {
        dw[at] = sums[i][j] + select(0.0, dw[at], p.accumulate == 1);
      }
    }
  }
  if (with_bias && thread < TILE && column0 + thread < p.m) {
    db[column0 + thread] = bias + select(0.0, db[column0 + thread], p.accumulate == 1);
  }
}
