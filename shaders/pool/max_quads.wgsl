// y[n, oy, ox, c] = max of its window; taps keeps where it was (ky * kw + kx), for the gradient: max.wgsl, four channels
// at a time. The first of equal values wins, in row-major order of the window; so does the first NaN. With drop, y is
// dropped out as there.
//
// One thread makes four neighbouring channels of one result, and the word of their taps. The window's size is constant, so
// that drivers unroll its loops. A tap outside the picture reads the nearest pixel inside, which lies in the same window
// and is as large as itself: no test around a load. Dispatch ceil(n * words / 64), folded.
// Needs c % 4 == 0, windows of at most 255 taps, and n and words below 2^22 (lib/divide.wgsl).
// use: grid, nan, pool, step, philox, dropout, divide
const KH: u32 = 2;          // the window, p.kh and p.kw
const KW: u32 = 2;
const TAPS: bool = true;    // p.taps: without them there is less to keep in mind

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;          // [n, h, w, c / 4]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // [n, oh, ow, c / 4]
@group(0) @binding(4) var<storage, read_write> taps: array<u32>;   // [n, words]: word (oy * ow + ox) * c / 4 + c4 of 4 channels

// Where tap k of the window whose first is at `start` reads along one axis.
fn pixel_of(start: i32, k: u32, size: u32) -> u32 { return u32(clamp(start + i32(k), 0, i32(size) - 1)); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.words) { return; }
  let image = divide(i, p.words);
  let quad = i - image * p.words;
  let c4 = p.c / 4;
  let per_image = p.oh * p.ow * c4;
  // Words behind the last value, up to where the next image starts.
  if (quad >= per_image) {
    if (TAPS) { taps[i] = 0; }
    return;
  }
  let pixel = divide(quad, c4);
  let c = quad - pixel * c4;
  let oy = divide(pixel, p.ow);
  let ox = pixel - oy * p.ow;
  let top = i32(oy * p.stride_h) - i32(p.pad_top);
  let left = i32(ox * p.stride_w) - i32(p.pad_left);
  var best: vec4f;
  var winner: vec4u;
  for (var ky = 0u; ky < KH; ky++) {
    for (var kx = 0u; kx < KW; kx++) {
      let iy = pixel_of(top, ky, p.h);
      let ix = pixel_of(left, kx, p.w);
      let value = x[((image * p.h + iy) * p.w + ix) * c4 + c];
      // Which of several NaNs is the first matters only to the taps.
      let stays = vec4<bool>(TAPS) & are_nan(best);
      let better = vec4<bool>(ky + kx == 0) | (value > best) | (are_nan(value) & !stays);
      best = select(best, value, better);
      if (TAPS) { winner = select(winner, vec4u(u32(i32(iy) - top) * KW + u32(i32(ix) - left)), better); }
    }
  }
  if (p.drop == 1) {
    // Four channels are one draw.
    let kept = are_kept(drop_words((p.base + image) * per_image + quad, p.id), p.threshold);
    best = select(vec4f(), best * p.scale, kept);
    winner = select(vec4u(255), winner, kept);
  }
  y[image * per_image + quad] = best;
  if (TAPS) { taps[i] = winner.x | (winner.y << 8) | (winner.z << 16) | (winner.w << 24); }
}
