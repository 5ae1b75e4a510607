// Output transform of Winograd's convolution (shaders/lib/winograd.wgsl): Y = act(A^T m A + bias) for every tile.
//
// One thread makes four channels of one tile: D * D loads of vec4, M x M pixels; neighbours along channels.
// Dispatch ceil(tiles * ceil(channels / 4) / 64), folded.
// use: grid, winograd
struct Params {
  oh: u32, ow: u32, channels: u32,
  first: u32,         // first image of this part
  tiles: u32,         // tiles of this part
  tile_rows: u32, tile_columns: u32,  // of one image
  stride: u32,        // tiles from position to position in products
  quads: u32,         // vec4s of channels of a tile in products
  bias: u32,          // 1: add bias
  relu: u32,          // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> products: array<vec4f>;  // [D * D, stride, quads]
@group(0) @binding(2) var<storage, read> bias: array<f32>;        // [channels]; any buffer when p.bias = 0
@group(0) @binding(3) var<storage, read_write> y: array<f32>;     // [n, oh, ow, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(id, groups, 64);
  let used = (p.channels + 3) / 4;
  let tile = i / used;
  let quad = i % used;
  if (tile >= p.tiles) { return; }
  var columns: array<array<vec4f, 4>, 6>;  // transformed along the rows' axis
  for (var column = 0u; column < D; column++) {
    var m: array<vec4f, 6>;
    for (var row = 0u; row < D; row++) {
      m[row] = products[((row * D + column) * p.stride + tile) * p.quads + quad];
    }
    columns[column] = transform_output(m);
  }
  let c = quad * 4;
  var b = vec4f();
  if (p.bias != 0) {
    let last = p.channels - 1;
    b = vec4f(bias[c], bias[min(c + 1, last)], bias[min(c + 2, last)], bias[min(c + 3, last)]);
  }
  let image = p.first + tile / (p.tile_rows * p.tile_columns);
  let oy = tile / p.tile_columns % p.tile_rows * M;
  let ox = tile % p.tile_columns * M;
  for (var row = 0u; row < M; row++) {
    var m: array<vec4f, 6>;
    for (var column = 0u; column < D; column++) { m[column] = columns[column][row]; }
    let values = transform_output(m);
    for (var column = 0u; column < M; column++) {
      if (oy + row < p.oh && ox + column < p.ow) {
        var v = values[column] + b;
        if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
        let o = ((image * p.oh + oy + row) * p.ow + ox + column) * p.channels + c;
        for (var j = 0u; j < 4; j++) {
          if (c + j < p.channels) { y[o + j] = v[j]; }
        }
      }
    }
  }
}
