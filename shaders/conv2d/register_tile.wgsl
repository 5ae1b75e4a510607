// Implicit GEMM in registers: the convolution, or its input gradient, as a matrix product whose rows are result pixels,
// whose columns are result channels, and whose left matrix is never written down (shaders/lib/conv_gather.wgsl).
// Each thread computes TM pixels x TN channels: TM + TN loads for TM * TN multiply-adds. Tap after tap, so that the
// place of a pixel's source is found once a tap; a tap that no pixel of the thread has is skipped. Threads along x share
// their pixels, so on adapters with 8 lanes a whole subgroup skips: with stride 2, three of four taps of a gradient.
// Workgroup 8 x 8 threads = (8 TM) pixels x (8 TN) channels; dispatch one for each such tile, channels first, folded.
// Good for any shape on any device; on real GPUs the workgroup-memory tile is better.
// use: conv_gather
const TM: u32 = 4;
const TN: u32 = 4;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;      // [n, h, w, c]
@group(0) @binding(2) var<storage, read> y: array<f32>;           // [n, h, w, c]; any buffer without mask
@group(0) @binding(3) var<storage, read> kernel: array<f32>;      // [kh, kw, cin, cout]
@group(0) @binding(4) var<storage, read> bias: array<f32>;        // [oc]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> out: array<f32>;   // [n, oh, ow, oc]

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let pixels = p.n * p.oh * p.ow;
  let column_tiles = (p.oc + 8 * TN - 1) / (8 * TN);
  let tile = wid.x + wid.y * groups.x;
  let row0 = tile / column_tiles * (8 * TM) + lid.y;
  let column0 = tile % column_tiles * (8 * TN) + lid.x;
  if (row0 >= pixels || column0 >= p.oc) { return; }

  var images: array<u32, TM>;   // first row of the pixel's image in the source
  var tops: array<i32, TM>;
  var lefts: array<i32, TM>;
  // Pixels and channels past the edge repeat the last one; their results are not stored.
  for (var i = 0u; i < TM; i++) {
    let pixel = min(row0 + 8 * i, pixels - 1);
    images[i] = pixel / (p.ow * p.oh) * p.h;
    tops[i] = i32(pixel / p.ow % p.oh * p.scale_h) + p.offset_h;
    lefts[i] = i32(pixel % p.ow * p.scale_w) + p.offset_w;
  }
  var columns: array<u32, TN>;
  for (var j = 0u; j < TN; j++) { columns[j] = min(column0 + 8 * j, p.oc - 1) * p.column; }

  var sums: array<array<f32, TN>, TM>;
  for (var ky = 0u; ky < p.kh; ky++) {
    for (var kx = 0u; kx < p.kw; kx++) {
      var starts: array<u32, TM>;
      var inside: array<bool, TM>;
      var any_inside = false;
      for (var i = 0u; i < TM; i++) {
        let sy = source_position(tops[i] + i32(ky) * p.step_h, p.divide_h, p.h);
        let sx = source_position(lefts[i] + i32(kx) * p.step_w, p.divide_w, p.w);
        inside[i] = sy >= 0 && sx >= 0;
        starts[i] = select(0u, ((images[i] + u32(sy)) * p.w + u32(sx)) * p.c, inside[i]);
        any_inside = any_inside || inside[i];
      }
      if (!any_inside) { continue; }
      var weights = (ky * p.kw + kx) * p.tap;
      for (var r = 0u; r < p.c; r++) {
        var values: array<f32, TN>;
        for (var j = 0u; j < TN; j++) { values[j] = kernel[weights + columns[j]]; }
        for (var i = 0u; i < TM; i++) {
          var value = select(0.0, source[starts[i] + r], inside[i]);
          if (p.mask == 1) { value = select(value, 0.0, y[starts[i] + r] <= 0.0); }
          for (var j = 0u; j < TN; j++) { sums[i][j] += value * values[j]; }
        }
        weights += p.channel;
      }
    }
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 8 * i;
    for (var j = 0u; j < TN; j++) {
      let column = column0 + 8 * j;
      if (row < pixels && column < p.oc) {
        var sum = sums[i][j];
        if (p.bias == 1) { sum += bias[column]; }
        // Not max(sum, 0): that would turn a NaN into 0 and hide it.
        if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
        out[row * p.oc + column] = sum;
      }
    }
  }
}
