// y[n, oy, ox, c] = max of its window; taps keeps where it was (ky * kw + kx), for the gradient: max.wgsl, four channels
// at a time. The first of equal values wins, in row-major order of the window; so does the first NaN. With drop, y is
// dropped out as there.
//
// One workgroup makes one row of windows of one image, lane after lane of 4 channels: a thread divides once a row where
// max.wgsl divides for each value, and four taps are one word. Dispatch n * oh, folded.
// Needs c % 4 == 0 and windows of at most 255 taps. Good for software adapters; a GPU wants more than 8 lanes.
// use: pool, step, philox, dropout
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;          // [n, h, w, c / 4]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // [n, oh, ow, c / 4]
@group(0) @binding(4) var<storage, read_write> taps: array<u32>;   // [n, words]: word (oy * ow + ox) * c / 4 + c4 of 4 channels

fn are_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = wid.x + wid.y * nwg.x;
  if (row >= p.n * p.oh) { return; }
  let image = row / p.oh;
  let oy = row % p.oh;
  let c4 = p.c / 4;
  let rows = pixels_of(oy, p.kh, p.stride_h, p.pad_top, p.h);
  // Taps before the picture: the first pixel's own.
  let top = rows.x + p.pad_top - oy * p.stride_h;
  for (var c = lane; c < c4; c += 8u) {
    for (var ox = 0u; ox < p.ow; ox++) {
      let columns = pixels_of(ox, p.kw, p.stride_w, p.pad_left, p.w);
      let left = columns.x + p.pad_left - ox * p.stride_w;
      var best = x[((image * p.h + rows.x) * p.w + columns.x) * c4 + c];
      var winner = vec4u(top * p.kw + left);
      for (var iy = rows.x; iy < rows.y; iy++) {
        var tap = (top + iy - rows.x) * p.kw + left;
        for (var ix = columns.x; ix < columns.y; ix++) {
          let value = x[((image * p.h + iy) * p.w + ix) * c4 + c];
          let better = (value > best) | (are_nan(value) & !are_nan(best));
          best = select(best, value, better);
          winner = select(winner, vec4u(tap), better);
          tap++;
        }
      }
      let at = (row * p.ow + ox) * c4 + c;
      if (p.drop == 1) {
        // Four channels are one draw.
        let kept = are_kept(drop_words(p.base * p.oh * p.ow * c4 + at, p.id), p.threshold);
        best = select(vec4f(), best * p.scale, kept);
        winner = select(vec4u(255), winner, kept);
      }
      y[at] = best;
      taps[image * p.words + (oy * p.ow + ox) * c4 + c] =
        winner.x | (winner.y << 8) | (winner.z << 16) | (winner.w << 24);
    }
  }
  // Words behind the last value, up to where the next image starts.
  if (oy == p.oh - 1) {
    for (var word = p.oh * p.ow * c4 + lane; word < p.words; word += 8u) { taps[image * p.words + word] = 0u; }
  }
}
