// Kernel transform of Winograd's convolution (shaders/lib/winograd.wgsl): U = G g G^T for every pair of channels.
//
//   forward (FLIP 0):  g[kh][kw] = W[kh][kw][k][c]         k = input channel, c = output channel
//   dX      (FLIP 1):  g[kh][kw] = W[2-kh][2-kw][c][k]     k = output channel, c = input channel
//
// out[block][position][k][CB]: CB channels c a block, D * D positions, k padded with zeros to p.padded, c to whole blocks.
// One thread makes four channels of one k at all positions; dispatch ceil(blocks * padded * CB / 4 / 64), folded.
// Depends on the weights alone: a step prepares it once for a frozen net.
// use: grid, winograd
const FLIP: u32 = 0;
const CB: u32 = 32;

struct Params {
  summed: u32,   // channels summed over
  out: u32,      // channels that come out
  padded: u32,   // the first, rounded up
  blocks: u32,   // of CB channels that come out
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> kernel: array<f32>;            // [3, 3, cin, cout]
@group(0) @binding(2) var<storage, read_write> transformed: array<vec4f>; // [blocks, D * D, padded, CB / 4]

fn weight(row: u32, column: u32, k: u32, c: u32) -> f32 {
  let ok = k < p.summed && c < p.out;
  var at = ((row * 3 + column) * p.summed + k) * p.out + c;
  if (FLIP == 1) { at = (((2 - row) * 3 + 2 - column) * p.out + c) * p.summed + k; }
  return select(0.0, kernel[select(0u, at, ok)], ok);
}

fn weights(row: u32, column: u32, k: u32, c: u32) -> vec4f {
  return vec4f(
    weight(row, column, k, c), weight(row, column, k, c + 1), weight(row, column, k, c + 2), weight(row, column, k, c + 3),
  );
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(id, groups, 64);
  let quads = CB / 4;
  if (i >= p.blocks * p.padded * quads) { return; }
  let quad = i % quads;
  let k = i / quads % p.padded;
  let block = i / (quads * p.padded);
  let c = block * CB + quad * 4;
  var columns: array<array<vec4f, 6>, 3>;  // transformed along the rows' axis
  for (var column = 0u; column < 3; column++) {
    columns[column] = transform_kernel(weights(0, column, k, c), weights(1, column, k, c), weights(2, column, k, c));
  }
  for (var row = 0u; row < D; row++) {
    let values = transform_kernel(columns[0][row], columns[1][row], columns[2][row]);
    for (var column = 0u; column < D; column++) {
      transformed[((block * D * D + row * D + column) * p.padded + k) * quads + quad] = values[column];
    }
  }
}
