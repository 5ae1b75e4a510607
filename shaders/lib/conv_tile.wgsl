// The body of the implicit GEMM through workgroup memory. Who uses it says in which numbers the tiles are kept
// (`alias Quad`), how many pixels a thread computes (TM), and whether channels come in fours (QUADS).
const ROWS: u32 = 16 * TM;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;      // [n, h, w, c]
@group(0) @binding(2) var<storage, read> y: array<f32>;           // [n, h, w, c]; any buffer without mask
@group(0) @binding(3) var<storage, read> kernel: array<f32>;      // [kh, kw, cin, cout]
@group(0) @binding(4) var<storage, read> bias: array<f32>;        // [oc]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> out: array<f32>;   // [n, oh, ow, oc]
@group(0) @binding(6) var<storage, read> source4: array<vec4f>;   // source, y and kernel once more, by quads
@group(0) @binding(7) var<storage, read> y4: array<vec4f>;
@group(0) @binding(8) var<storage, read> kernel4: array<vec4f>;

var<workgroup> left: array<Quad, ROWS * 4>;   // [pixel, k / 4]
var<workgroup> right: array<Quad, 256>;       // [k, channel / 4]

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let pixels = p.n * p.oh * p.ow;
  let terms = p.kh * p.kw * p.c;
  let column_tiles = (p.oc + 63) / 64;
  let tile = wid.x + wid.y * groups.x;
  let row0 = tile / column_tiles * ROWS;
  let column0 = tile % column_tiles * 64;
  if (row0 >= pixels) { return; }  // the whole workgroup

  // What this thread loads: one quad of k for TM / 4 pixels on the left ...
  var images: array<u32, TM / 4>;
  var tops: array<i32, TM / 4>;
  var lefts: array<i32, TM / 4>;
  for (var l = 0u; l < TM / 4; l++) {
    let pixel = row0 + thread / 4 + 64 * l;
    images[l] = pixel / (p.ow * p.oh) * p.h;
    tops[l] = i32(pixel / p.ow % p.oh * p.scale_h) + p.offset_h;
    lefts[l] = i32(pixel % p.ow * p.scale_w) + p.offset_w;
  }
  // ... and on the right one k for a quad of channels; neighbours go along whichever of the two is contiguous.
  let along_k = p.column != 1;
  let right_k = select(thread / 16, thread % 16, along_k);
  let right_quad = select(thread % 16, thread / 16, along_k);

  // What this thread computes: TM pixels, 16 apart, and a quad of channels.
  let quad = thread % 16;
  let row = thread / 16;
  var sums: array<vec4f, TM>;
  let turns = (terms + 15) / 16;
  for (var turn = 0u; turn < turns; turn++) {
    let k0 = turn * 16;
    let k = k0 + thread % 4 * 4;
    for (var l = 0u; l < TM / 4; l++) {
      var r = k % p.c;
      var kx = k / p.c % p.kw;
      var ky = k / (p.c * p.kw);
      var values = vec4f();
      if (QUADS) {
        // Four values of k are four channels of one tap.
        let sy = source_position(tops[l] + i32(ky) * p.step_h, p.divide_h, p.h);
        let sx = source_position(lefts[l] + i32(kx) * p.step_w, p.divide_w, p.w);
        let ok = k < terms && sy >= 0 && sx >= 0 && row0 + thread / 4 + 64 * l < pixels;
        let at = select(0u, (((images[l] + u32(sy)) * p.w + u32(sx)) * p.c + r) / 4, ok);
        values = select(vec4f(), source4[at], ok);
        if (p.mask == 1) { values = select(values, vec4f(), y4[at] <= vec4f()); }
      } else {
        for (var j = 0u; j < 4; j++) {
          let sy = source_position(tops[l] + i32(ky) * p.step_h, p.divide_h, p.h);
          let sx = source_position(lefts[l] + i32(kx) * p.step_w, p.divide_w, p.w);
          if (k + j < terms && sy >= 0 && sx >= 0 && row0 + thread / 4 + 64 * l < pixels) {
            let at = ((images[l] + u32(sy)) * p.w + u32(sx)) * p.c + r;
            values[j] = source[at];
            if (p.mask == 1) { values[j] = select(values[j], 0.0, y[at] <= 0.0); }
          }
          r++;
          if (r == p.c) { r = 0; kx++; }
          if (kx == p.kw) { kx = 0; ky++; }
        }
      }
      left[thread + 256 * l] = Quad(values);
    }
    var weights = vec4f();
    if (k0 + right_k < terms) {
      let at = (k0 + right_k) / p.c * p.tap + (k0 + right_k) % p.c * p.channel;
      let column = column0 + right_quad * 4;
      if (QUADS && p.column == 1) {
        if (column < p.oc) { weights = kernel4[(at + column) / 4]; }
      } else {
        for (var j = 0u; j < 4; j++) {
          if (column + j < p.oc) { weights[j] = kernel[at + (column + j) * p.column]; }
        }
      }
    }
    right[right_k * 16 + right_quad] = Quad(weights);
    workgroupBarrier();
    let quads = (min(terms - k0, 16u) + 3) / 4;
    for (var k4 = 0u; k4 < quads; k4++) {
      let b0 = vec4f(right[(k4 * 4) * 16 + quad]);
      let b1 = vec4f(right[(k4 * 4 + 1) * 16 + quad]);
      let b2 = vec4f(right[(k4 * 4 + 2) * 16 + quad]);
      let b3 = vec4f(right[(k4 * 4 + 3) * 16 + quad]);
      for (var i = 0u; i < TM; i++) {
        let a = vec4f(left[(row + 16 * i) * 4 + k4]);
        sums[i] += a.x * b0 + a.y * b1 + a.z * b2 + a.w * b3;
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < TM; i++) {
    let pixel = row0 + row + 16 * i;
    for (var j = 0u; j < 4; j++) {
      let column = column0 + quad * 4 + j;
      if (pixel < pixels && column < p.oc) {
        var sum = sums[i][j];
        if (p.bias == 1) { sum += bias[column]; }
        // Not max(sum, 0): that would turn a NaN into 0 and hide it.
        if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
        out[pixel * p.oc + column] = sum;
      }
    }
  }
}
