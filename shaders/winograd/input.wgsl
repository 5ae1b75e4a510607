// Input transform of Winograd's convolution (shaders/lib/winograd.wgsl): V = B^T d B for every tile and input channel.
//
// out[position][tile / 4][k][tile % 4]: D * D positions; tiles of M x M output pixels, counted through the images from
// p.first on; k padded to p.padded with zeros. Pixels outside the picture are 0.
// One thread makes one channel of one tile: D * D loads and as many stores; neighbours store side by side.
// Dispatch ceil(ceil(tiles / 4) * 4 * padded / 64), folded.
// use: grid, winograd
struct Params {
  h: u32, w: u32, channels: u32,
  first: u32,         // first image of this part
  tiles: u32,         // tiles of this part
  tile_rows: u32, tile_columns: u32,  // of one image
  pad_top: i32, pad_left: i32,
  padded: u32,        // channels in out
  stride: u32,        // tiles from position to position in out
  mask: u32,          // 1: x counts only where y > 0 (dX of a convolution with a ReLU fused)
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;                  // [n, h, w, channels]
@group(0) @binding(2) var<storage, read> y: array<f32>;                  // [n, h, w, channels]; any buffer without mask
@group(0) @binding(3) var<storage, read_write> transformed: array<f32>;  // [D * D, stride / 4, padded, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(id, groups, 64);
  let tile = i / (p.padded * 4) * 4 + i % 4;
  let k = i / 4 % p.padded;
  if (tile >= p.tiles) { return; }
  let image = p.first + tile / (p.tile_rows * p.tile_columns);
  let top = i32(tile / p.tile_columns % p.tile_rows * M) - p.pad_top;
  let left = i32(tile % p.tile_columns * M) - p.pad_left;
  var columns: array<array<f32, 6>, 6>;  // transformed along the rows' axis
  for (var column = 0u; column < D; column++) {
    let sx = left + i32(column);
    let column_ok = sx >= 0 && sx < i32(p.w) && k < p.channels;
    var d: array<f32, 6>;
    for (var row = 0u; row < D; row++) {
      let sy = top + i32(row);
      let ok = column_ok && sy >= 0 && sy < i32(p.h);
      let at = select(0u, ((image * p.h + u32(sy)) * p.w + u32(sx)) * p.channels + k, ok);
      var value = x[at];
      if (p.mask != 0) { value = select(value, 0.0, y[at] <= 0.0); }
      d[row] = select(0.0, value, ok);
    }
    columns[column] = transform_input(d);
  }
  for (var row = 0u; row < D; row++) {
    var d: array<f32, 6>;
    for (var column = 0u; column < D; column++) { d[column] = columns[column][row]; }
    let values = transform_input(d);
    for (var column = 0u; column < D; column++) {
      transformed[(row * D + column) * p.stride * p.padded + i] = values[column];
    }
  }
}
