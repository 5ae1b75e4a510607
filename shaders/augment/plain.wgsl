// Each picture moved, mirrored, turned, zoomed, brightened and partly erased by chance: out[n] = T(draws of keys[n])(x[n]).
// A pixel is looked up where it comes from: p = (pixel - centre - shift) turned by the angle, times the zoom, mirrored,
// plus centre; bilinear, black outside. Then clamp((v - 0.5) * contrast + 0.5 + brightness, 0, 1); then the erased
// rectangle is black. The draws are a pure function of (seed, step, keys[n]): three Philox calls a picture.
// One workgroup a picture, since its 64 threads repeat these calls once and not for each pixel; dispatch n, folded.
// The angle is drawn by t = tan(angle / 2), whose sine and cosine are quotients: sin() may be off by 2^-11 on a device.
// Any shape, any device; some hundred operations for each thread, then 4 loads a value.
// use: step, philox, nan
struct Params {
  n: u32,
  h: u32,
  w: u32,
  c: u32,
  flip: u32,          // share of mirrored pictures * 2^24
  shift: u32,         // most pixels along each axis
  erase: u32,         // share of erased pictures * 2^24
  erase_from_h: u32,  // sides of the rectangle in pixels: from, and how many lengths there are to choose from
  erase_sizes_h: u32,
  erase_from_w: u32,
  erase_sizes_w: u32,
  recolour: u32,      // 1: brightness and contrast change
  turn: f32,          // tan(largest angle / 2)
  zoom: f32,          // the zoom is within 1 +- this
  brightness: f32,    // what is added is within +- this
  contrast: f32,      // the contrast is within 1 +- this
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;           // [n, h, w, c]
@group(0) @binding(3) var<storage, read> keys: array<u32>;        // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;   // [n, h, w, c]

const DOMAIN: u32 = 0x6175676d;   // "augm": keeps these draws apart from those of others

fn draw(key: u32, call: u32) -> vec4u {
  return philox4x32(vec4u(key, step.step, call, DOMAIN), vec2u(step.seed, 0));
}

// A whole number in [0, bound), bound <= 2^16. In integers, so that every device draws the same.
fn below(word: u32, bound: u32) -> u32 { return ((word >> 16) * bound) >> 16; }

// A number in [-1, 1).
fn either_side(word: u32) -> f32 { return f32(word >> 8) * 0x1p-23 - 1; }

fn pixel(image: u32, y: i32, x_: i32, channel: u32) -> f32 {
  if (y < 0 || y >= i32(p.h) || x_ < 0 || x_ >= i32(p.w)) { return 0; }
  return x[((image * p.h + u32(y)) * p.w + u32(x_)) * p.c + channel];
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let image = wid.x + wid.y * groups.x;
  if (image >= p.n) { return; }
  let place = draw(keys[image], 0);
  let look = draw(keys[image], 1);
  let gone = draw(keys[image], 2);

  let sign = select(1.0, -1.0, (place.x >> 8) < p.flip);
  let moved = vec2f(
    f32(i32(below(place.y, 2 * p.shift + 1)) - i32(p.shift)),
    f32(i32(below(place.z, 2 * p.shift + 1)) - i32(p.shift)),
  );
  let t = either_side(place.w) * p.turn;
  let cosine = (1 - t * t) / (1 + t * t);
  let sine = 2 * t / (1 + t * t);
  let zoom = 1 + either_side(look.x) * p.zoom;
  let brightness = either_side(look.y) * p.brightness;
  let contrast = 1 + either_side(look.z) * p.contrast;

  let erased = (look.w >> 8) < p.erase;
  let hole = vec2u(p.erase_from_h + below(gone.x, p.erase_sizes_h), p.erase_from_w + below(gone.y, p.erase_sizes_w));
  let corner = vec2u(below(gone.z, p.h - hole.x + 1), below(gone.w, p.w - hole.y + 1));

  let centre = vec2f(f32(p.h - 1), f32(p.w - 1)) * 0.5;
  let pixels = p.h * p.w;
  for (var i = local; i < pixels; i += 64) {
    let at = vec2u(i / p.w, i % p.w);
    let from_centre = vec2f(at) - centre - moved;
    let y = (cosine * from_centre.x - sine * from_centre.y) * zoom + centre.x;
    let x_ = (sine * from_centre.x + cosine * from_centre.y) * zoom * sign + centre.y;
    let top = floor(y);
    let left = floor(x_);
    let fy = y - top;
    let fx = x_ - left;
    let row = i32(top);
    let column = i32(left);
    let is_gone = erased && all(at >= corner) && all(at < corner + hole);
    for (var k = 0u; k < p.c; k++) {
      let upper = (1 - fx) * pixel(image, row, column, k) + fx * pixel(image, row, column + 1, k);
      let lower = (1 - fx) * pixel(image, row + 1, column, k) + fx * pixel(image, row + 1, column + 1, k);
      var v = (1 - fy) * upper + fy * lower;
      // clamp() would hide a NaN.
      if (p.recolour == 1 && !is_nan(v)) { v = clamp((v - 0.5) * contrast + 0.5 + brightness, 0, 1); }
      out[(image * pixels + i) * p.c + k] = select(v, 0.0, is_gone);
    }
  }
}
