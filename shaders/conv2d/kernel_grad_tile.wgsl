// Kernel and bias gradient as a matrix product through workgroup memory: rows (ky, kx, ci) and the bias, columns output
// channels, summed over the pixels of one share (shaders/lib/conv_kernel_grad.wgsl).
// 256 threads compute 64 rows x 64 channels; for 16 pixels they load both tiles into workgroup memory, every value once
// (vec4s along rows on the left, along channels on the right), and each thread multiplies 4 rows with 4 channels. Where
// channels come in fours (QUADS), a thread finds its tap once and loads vec4s, else it does so for each of four scalars.
// With several shares dkernel and db are scratch, one gradient a share, and sum_shares adds them up in order.
// Dispatch tiles of channels x tiles of rows x shares, folded. Workgroup memory: 8 KiB.
// Needs at least 4 values in x and dy.
// Good for real GPUs. A software adapter keeps workgroup memory in RAM and splits the shader at barriers: it loses there.
// use: conv_kernel_grad
const QUADS: bool = true;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<f32>;             // [n, oh, ow, cout]
@group(0) @binding(3) var<storage, read> y: array<f32>;              // [n, oh, ow, cout]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dkernel: array<f32>;  // [shares, kh, kw, cin, cout]
@group(0) @binding(5) var<storage, read_write> db: array<f32>;       // [shares, cout]; any buffer without db
@group(0) @binding(6) var<storage, read> x4: array<vec4f>;           // x, dy and y once more, by quads
@group(0) @binding(7) var<storage, read> dy4: array<vec4f>;
@group(0) @binding(8) var<storage, read> y4: array<vec4f>;

var<workgroup> left: array<vec4f, 256>;    // [pixel, row / 4]
var<workgroup> right: array<vec4f, 256>;   // [pixel, channel / 4]

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let weights = p.kh * p.kw * p.cin;
  let rows = weights + p.db;
  let column_tiles = (p.cout + 63) / 64;
  let row_tiles = (rows + 63) / 64;
  let tile = wid.x + wid.y * groups.x;
  let share = tile / (column_tiles * row_tiles);
  let row0 = tile / column_tiles % row_tiles * 64;
  let column0 = tile % column_tiles * 64;
  if (share >= p.shares) { return; }  // the whole workgroup

  // Loads: one of 16 pixels, a quad of rows and a quad of channels. Computes: a quad of rows, a quad of channels.
  let quad = thread % 16;
  let group = thread / 16;
  var down: array<i32, 4>;    // from the window's corner to the row's tap
  var across: array<i32, 4>;
  var channels: array<u32, 4>;
  for (var i = 0u; i < 4; i++) {
    let row = row0 + quad * 4 + i;
    channels[i] = row % p.cin;
    across[i] = i32(row / p.cin % p.kw * p.dilation_w) - p.pad_left;
    down[i] = i32(row / (p.cin * p.kw) * p.dilation_h) - p.pad_top;
  }

  var sums: array<vec4f, 4>;
  let first = share * p.per_share;
  let end = min(first + p.per_share, p.n * p.oh * p.ow);
  let turns = (end - first + 15) / 16;
  for (var turn = 0u; turn < turns; turn++) {
    let pixel = first + turn * 16 + group;
    let iy = i32(pixel / p.ow % p.oh * p.stride_h);
    let ix = i32(pixel % p.ow * p.stride_w);
    let image = pixel / (p.ow * p.oh) * p.h;
    var values = vec4f();
    var gradients = vec4f();
    if (QUADS) {
      // Four rows are four channels of one tap, or the bias and nothing.
      let row = row0 + quad * 4;
      let sy = iy + down[0];
      let sx = ix + across[0];
      let inside = pixel < end && row < weights && sy >= 0 && sy < i32(p.h) && sx >= 0 && sx < i32(p.w);
      let from_x = select(0u, (((image + u32(sy)) * p.w + u32(sx)) * p.cin + channels[0]) / 4, inside);
      values = select(vec4f(f32(row == weights), 0.0, 0.0, 0.0), x4[from_x], inside);
      let ok = pixel < end && column0 + quad * 4 < p.cout;
      let from_dy = select(0u, (pixel * p.cout + column0) / 4 + quad, ok);
      gradients = select(vec4f(), dy4[from_dy], ok);
      if (p.mask == 1) { gradients = select(gradients, vec4f(), y4[from_dy] <= vec4f()); }
    } else {
      for (var i = 0u; i < 4; i++) {
        let row = row0 + quad * 4 + i;
        let sy = iy + down[i];
        let sx = ix + across[i];
        if (pixel < end && row < weights && sy >= 0 && sy < i32(p.h) && sx >= 0 && sx < i32(p.w)) {
          values[i] = x[((image + u32(sy)) * p.w + u32(sx)) * p.cin + channels[i]];
        }
        if (row == weights) { values[i] = 1.0; }
        let column = column0 + quad * 4 + i;
        if (pixel < end && column < p.cout) {
          let at = pixel * p.cout + column;
          gradients[i] = dy[at];
          if (p.mask == 1) { gradients[i] = select(gradients[i], 0.0, y[at] <= 0.0); }
        }
      }
    }
    left[thread] = values;
    right[thread] = gradients;
    workgroupBarrier();
    let count = min(end - first - turn * 16, 16u);
    for (var k = 0u; k < count; k++) {
      let a = left[k * 16 + group];
      let b = right[k * 16 + quad];
      for (var i = 0u; i < 4; i++) { sums[i] += a[i] * b; }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4; i++) {
    let row = row0 + group * 4 + i;
    for (var j = 0u; j < 4; j++) {
      let column = column0 + quad * 4 + j;
      if (row < rows && column < p.cout) {
        var sum = sums[i][j];
        if (row == weights) {
          let at = share * p.cout + column;
          if (p.accumulate == 1) { sum += db[at]; }
          db[at] = sum;
        } else {
          let at = (share * weights + row) * p.cout + column;
          if (p.accumulate == 1) { sum += dkernel[at]; }
          dkernel[at] = sum;
        }
      }
    }
  }
}
