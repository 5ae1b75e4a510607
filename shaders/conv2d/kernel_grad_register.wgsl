// Kernel and bias gradient as a matrix product in registers: rows (ky, kx, ci) and the bias, columns output channels,
// summed over the pixels of one share (shaders/lib/conv_kernel_grad.wgsl).
// Each thread computes TM rows x TN channels and walks over the pixels: TM + TN loads for TM * TN multiply-adds.
// With several shares dkernel and db are scratch, one gradient a share, and sum_shares adds them up in order.
// Workgroup 8 x 8 threads = (8 TM) rows x (8 TN) channels; dispatch tiles of channels x tiles of rows x shares, folded.
// Good for any shape on any device; on real GPUs the workgroup-memory tile is better.
// use: conv_kernel_grad
const TM: u32 = 4;
const TN: u32 = 4;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<f32>;             // [n, oh, ow, cout]
@group(0) @binding(3) var<storage, read> y: array<f32>;              // [n, oh, ow, cout]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dkernel: array<f32>;  // [shares, kh, kw, cin, cout]
@group(0) @binding(5) var<storage, read_write> db: array<f32>;       // [shares, cout]; any buffer without db

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let weights = p.kh * p.kw * p.cin;
  let rows = weights + p.db;
  let column_tiles = (p.cout + 8 * TN - 1) / (8 * TN);
  let row_tiles = (rows + 8 * TM - 1) / (8 * TM);
  let tile = wid.x + wid.y * groups.x;
  let share = tile / (column_tiles * row_tiles);
  let row0 = tile / column_tiles % row_tiles * (8 * TM) + lid.y;
  let column0 = tile % column_tiles * (8 * TN) + lid.x;
  if (share >= p.shares || row0 >= rows || column0 >= p.cout) { return; }

  var down: array<i32, TM>;    // from the window's corner to the row's tap
  var across: array<i32, TM>;
  var channels: array<u32, TM>;
  var is_bias: array<bool, TM>;
  // Rows and channels past the edge repeat the last one; their results are not stored.
  for (var i = 0u; i < TM; i++) {
    let row = min(row0 + 8 * i, rows - 1);
    is_bias[i] = row == weights;
    channels[i] = row % p.cin;
    across[i] = i32(row / p.cin % p.kw * p.dilation_w) - p.pad_left;
    down[i] = i32(row / (p.cin * p.kw) * p.dilation_h) - p.pad_top;
  }
  var columns: array<u32, TN>;
  for (var j = 0u; j < TN; j++) { columns[j] = min(column0 + 8 * j, p.cout - 1); }

  var sums: array<array<f32, TN>, TM>;
  let first = share * p.per_share;
  let end = min(first + p.per_share, p.n * p.oh * p.ow);
  var ox = first % p.ow;
  var oy = first / p.ow % p.oh;
  var image = first / (p.ow * p.oh);
  for (var pixel = first; pixel < end; pixel++) {
    var gradients: array<f32, TN>;
    for (var j = 0u; j < TN; j++) {
      let at = pixel * p.cout + columns[j];
      gradients[j] = dy[at];
      if (p.mask == 1) { gradients[j] = select(gradients[j], 0.0, y[at] <= 0.0); }
    }
    for (var i = 0u; i < TM; i++) {
      let iy = i32(oy * p.stride_h) + down[i];
      let ix = i32(ox * p.stride_w) + across[i];
      let inside = !is_bias[i] && iy >= 0 && iy < i32(p.h) && ix >= 0 && ix < i32(p.w);
      let at = select(0u, ((image * p.h + u32(iy)) * p.w + u32(ix)) * p.cin + channels[i], inside);
      let value = select(select(0.0, 1.0, is_bias[i]), x[at], inside);
      for (var j = 0u; j < TN; j++) { sums[i][j] += value * gradients[j]; }
    }
    ox++;
    if (ox == p.ow) { ox = 0; oy++; }
    if (oy == p.oh) { oy = 0; image++; }
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 8 * i;
    for (var j = 0u; j < TN; j++) {
      let column = column0 + 8 * j;
      if (row < rows && column < p.cout) {
        if (is_bias[i]) {
          let at = share * p.cout + column;
          if (p.accumulate == 1) { sums[i][j] += db[at]; }
          db[at] = sums[i][j];
        } else {
          let at = (share * weights + row) * p.cout + column;
          if (p.accumulate == 1) { sums[i][j] += dkernel[at]; }
          dkernel[at] = sums[i][j];
        }
      }
    }
  }
}
