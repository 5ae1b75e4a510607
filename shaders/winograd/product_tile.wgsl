// The products of Winograd's convolution through workgroup memory: for every position a matrix product,
//
//   M[position][tile][c] = sum_k V[position][tile][k] * U[position][k][c]
//
// 256 threads compute 64 tiles x 64 channels; for 16 values of k they load both matrices' parts into workgroup memory,
// every value once, and each thread multiplies 4 tiles with 4 channels.
// Dispatch stride / 64 * quads / 16 workgroups for each of `positions`, folded, channels first.
// needs: stride a multiple of 64, k padded to a multiple of 16, channels to one of 64: nothing is checked.
// Good for real GPUs; on others where channels are no multiple of 4. Workgroup memory: 8 KiB.
struct Params {
  stride: u32,     // tiles from position to position
  turns: u32,      // padded channels k / 16
  quads: u32,      // padded channels c / 4
  positions: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> v: array<vec4f>;        // [positions, stride / 4, turns * 16] x 4 tiles
@group(0) @binding(2) var<storage, read> u: array<vec4f>;        // [positions, turns * 16, quads]
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;  // [positions, stride, quads]

var<workgroup> left: array<vec4f, 256>;   // [k, tile / 4]
var<workgroup> right: array<vec4f, 256>;  // [k, c / 4]

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = wid.x + wid.y * groups.x;
  let columns = p.quads / 16;
  let row0 = id / columns * 64;  // counted through all positions
  let quad0 = id % columns * 16;
  if (row0 >= p.positions * p.stride) { return; }  // the whole workgroup
  let position = row0 / p.stride;
  let quad = thread % 16;
  let row = thread / 16;
  var sums: array<vec4f, 4>;  // four neighbouring tiles
  for (var turn = 0u; turn < p.turns; turn++) {
    // On the left neighbours go along k, on the right along channels, as memory does.
    left[quad * 16 + row] = v[((row0 / 4 + row) * p.turns + turn) * 16 + quad];
    right[thread] = u[((position * p.turns + turn) * 16 + row) * p.quads + quad0 + quad];
    workgroupBarrier();
    for (var k = 0u; k < 16; k++) {
      let l = left[k * 16 + row];
      let r = right[k * 16 + quad];
      for (var i = 0u; i < 4; i++) { sums[i] += l[i] * r; }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4; i++) { m[(row0 + row * 4 + i) * p.quads + quad0 + quad] = sums[i]; }
}
