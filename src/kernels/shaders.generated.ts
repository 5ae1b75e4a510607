// Made by `npm run shaders` from shaders/**/*.wgsl; edit those.
export const shaders = {
  'augment/plain': `// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// Comparisons with NaN may be compiled away under fast-math rules; its bits may not.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn are_nan(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
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
`,
  'axpy/axpy': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// y[i] = alpha * x[i] + beta * y[i]; with beta = 0 whatever y held, NaN too, is forgotten.
// One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params { size: u32, each: u32, alpha: f32, beta: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;         // [size]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;   // [size]

fn element(i: u32) {
  y[i] = p.alpha * x[i] + select(p.beta * y[i], 0.0, p.beta == 0.0);
}
`,
  'batch_norm/apply': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What the batch-norm kernels share. x is [rows, inner, c], channels last; statistics are taken over rows and inner.
struct Params {
  rows: u32, inner: u32, c: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  training: u32,           // 1: statistics of the batch, padded rows do not count
  parts: u32, per: u32,    // how many shares the positions are dealt in, and positions of a share
  momentum: f32, epsilon: f32,
  residual: u32, relu: u32,   // 1: another tensor is added behind, a ReLU stands behind that
}

// Positions (row and place within it) of this slice that count.
fn valid_positions(step_rows: u32) -> u32 {
  if (p.training == 0) { return p.rows * p.inner; }
  let valid = valid_rows(step_rows, p.total);
  return min(max(valid, p.base) - p.base, p.rows) * p.inner;
}

// Positions of share \`part\` that count.
fn share_size(part: u32, positions: u32) -> u32 {
  let start = part * p.per;
  return min(max(positions, start) - start, p.per);
}
// y = act(gamma (x - mean) / sqrt(variance + epsilon) + beta + residual) by channel; padded rows count as normalised to 0
// in training.
// One thread takes one channel at 8 positions, so that what belongs to the channel is loaded once for 8 values;
// neighbouring threads take neighbouring channels. Dispatch ceil(ceil(rows * inner / 8) * c / 64), folded.
// use: grid, step, batch, batch_norm
const POSITIONS: u32 = 8;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [rows, inner, c]
@group(0) @binding(3) var<storage, read> statistics: array<f32>;   // [2, c] mean, 1 / sqrt(variance + epsilon)
@group(0) @binding(4) var<storage, read> gamma: array<f32>;        // [c]
@group(0) @binding(5) var<storage, read> beta: array<f32>;         // [c]
@group(0) @binding(6) var<storage, read> residual: array<f32>;     // [rows, inner, c]; any buffer without residual
@group(0) @binding(7) var<storage, read_write> y: array<f32>;      // [rows, inner, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let first = i / p.c * POSITIONS;
  let last = min(first + POSITIONS, p.rows * p.inner);
  let valid = valid_positions(step.rows);
  let c = i % p.c;
  let mean = statistics[c];
  let scale = statistics[p.c + c] * gamma[c];
  let shift = beta[c];
  for (var position = first; position < last; position++) {
    let at = position * p.c + c;
    var value = select(0.0, (x[at] - mean) * scale + shift, position < valid);
    if (p.residual == 1) { value += residual[at]; }
    // Not max(value, 0): that would turn a NaN into 0 and hide it.
    if (p.relu == 1) { value = select(value, 0.0, value <= 0.0); }
    y[at] = value;
  }
}
`,
  'batch_norm/grad_combine': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What the batch-norm kernels share. x is [rows, inner, c], channels last; statistics are taken over rows and inner.
struct Params {
  rows: u32, inner: u32, c: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  training: u32,           // 1: statistics of the batch, padded rows do not count
  parts: u32, per: u32,    // how many shares the positions are dealt in, and positions of a share
  momentum: f32, epsilon: f32,
  residual: u32, relu: u32,   // 1: another tensor is added behind, a ReLU stands behind that
}

// Positions (row and place within it) of this slice that count.
fn valid_positions(step_rows: u32) -> u32 {
  if (p.training == 0) { return p.rows * p.inner; }
  let valid = valid_rows(step_rows, p.total);
  return min(max(valid, p.base) - p.base, p.rows) * p.inner;
}

// Positions of share \`part\` that count.
fn share_size(part: u32, positions: u32) -> u32 {
  let start = part * p.per;
  return min(max(positions, start) - start, p.per);
}
// Gradients of beta and gamma: the shares of the first pass added up in a fixed order; a later slice adds to what is
// there. One thread a channel; dispatch ceil(c / 64).
// use: grid, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> shares: array<vec2f>;       // [parts, c] of beta, of gamma
@group(0) @binding(2) var<storage, read_write> dgamma: array<f32>;   // [c]
@group(0) @binding(3) var<storage, read_write> dbeta: array<f32>;    // [c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_thread(gid, groups, 64);
  if (c >= p.c) { return; }
  var sums = vec2f(0.0);
  if (p.base > 0) { sums = vec2f(dbeta[c], dgamma[c]); }
  for (var part = 0u; part < p.parts; part++) { sums += shares[part * p.c + c]; }
  dbeta[c] = sums.x;
  dgamma[c] = sums.y;
}
`,
  'batch_norm/grad_input': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What the batch-norm kernels share. x is [rows, inner, c], channels last; statistics are taken over rows and inner.
struct Params {
  rows: u32, inner: u32, c: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  training: u32,           // 1: statistics of the batch, padded rows do not count
  parts: u32, per: u32,    // how many shares the positions are dealt in, and positions of a share
  momentum: f32, epsilon: f32,
  residual: u32, relu: u32,   // 1: another tensor is added behind, a ReLU stands behind that
}

// Positions (row and place within it) of this slice that count.
fn valid_positions(step_rows: u32) -> u32 {
  if (p.training == 0) { return p.rows * p.inner; }
  let valid = valid_rows(step_rows, p.total);
  return min(max(valid, p.base) - p.base, p.rows) * p.inner;
}

// Positions of share \`part\` that count.
fn share_size(part: u32, positions: u32) -> u32 {
  let start = part * p.per;
  return min(max(positions, start) - start, p.per);
}
// Gradient with respect to x, with n positions and s = 1 / sqrt(variance + epsilon):
//   dx = gamma s (dy - (dbeta + (x - mean) s dgamma) / n) in training, where mean and variance depend on x,
//   dx = gamma s dy at inference; 0 for padded rows in training.
// One thread takes one channel at 8 positions. Dispatch ceil(ceil(rows * inner / 8) * c / 64), folded.
// use: grid, step, batch, batch_norm
const POSITIONS: u32 = 8;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [rows, inner, c]
@group(0) @binding(3) var<storage, read> dy: array<f32>;           // [rows, inner, c]
@group(0) @binding(4) var<storage, read> statistics: array<f32>;   // [2, c] mean, 1 / sqrt(variance + epsilon)
@group(0) @binding(5) var<storage, read> gamma: array<f32>;        // [c]
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;       // [c]
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;        // [c]
@group(0) @binding(8) var<storage, read_write> dx: array<f32>;     // [rows, inner, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let first = i / p.c * POSITIONS;
  let last = min(first + POSITIONS, p.rows * p.inner);
  let valid = valid_positions(step.rows);
  let c = i % p.c;
  let mean = statistics[c];
  let s = statistics[p.c + c];
  let scale = gamma[c] * s;
  var of_beta = 0.0;
  var of_gamma = 0.0;
  if (p.training == 1) {
    let n = f32(valid_rows(step.rows, p.total) * p.inner);
    of_beta = dbeta[c] / n;
    of_gamma = s * dgamma[c] / n;
  }
  for (var position = first; position < last; position++) {
    let at = position * p.c + c;
    dx[at] = select(0.0, scale * (dy[at] - of_beta - (x[at] - mean) * of_gamma), position < valid);
  }
}
`,
  'batch_norm/grad_parts': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What the batch-norm kernels share. x is [rows, inner, c], channels last; statistics are taken over rows and inner.
struct Params {
  rows: u32, inner: u32, c: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  training: u32,           // 1: statistics of the batch, padded rows do not count
  parts: u32, per: u32,    // how many shares the positions are dealt in, and positions of a share
  momentum: f32, epsilon: f32,
  residual: u32, relu: u32,   // 1: another tensor is added behind, a ReLU stands behind that
}

// Positions (row and place within it) of this slice that count.
fn valid_positions(step_rows: u32) -> u32 {
  if (p.training == 0) { return p.rows * p.inner; }
  let valid = valid_rows(step_rows, p.total);
  return min(max(valid, p.base) - p.base, p.rows) * p.inner;
}

// Positions of share \`part\` that count.
fn share_size(part: u32, positions: u32) -> u32 {
  let start = part * p.per;
  return min(max(positions, start) - start, p.per);
}
// Sums of dz and of dz (x - mean) / sqrt(variance + epsilon) by channel, the gradients of beta and gamma, first pass: one
// thread takes one channel of one share of the positions. dz = dy, or where a ReLU was fused dy where its result y is
// positive: then dz is kept, since the gradients of x and of what was added before the ReLU start from it too.
// Dispatch ceil(parts * c / 64), folded; grad_combine is next.
// use: grid, step, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;               // [rows, inner, c]
@group(0) @binding(3) var<storage, read> dy: array<f32>;              // [rows, inner, c]
@group(0) @binding(4) var<storage, read> y: array<f32>;               // [rows, inner, c]; any buffer without ReLU
@group(0) @binding(5) var<storage, read> statistics: array<f32>;      // [2, c] mean, 1 / sqrt(variance + epsilon)
@group(0) @binding(6) var<storage, read_write> dz: array<f32>;        // [rows, inner, c] with a ReLU
@group(0) @binding(7) var<storage, read_write> shares: array<vec2f>;  // [parts, c] of beta, of gamma

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.parts * p.c) { return; }
  let part = i / p.c;
  let c = i % p.c;
  let mean = statistics[c];
  let valid = share_size(part, valid_positions(step.rows));
  var at = part * p.per * p.c + c;
  var sums = vec2f(0.0);
  if (p.relu == 0) {
    for (var k = 0u; k < valid; k++) {
      sums += dy[at] * vec2f(1.0, x[at] - mean);
      at += p.c;
    }
  } else {
    // Padded rows have no share in the sums, but a gradient of what was added.
    let all = share_size(part, p.rows * p.inner);
    for (var k = 0u; k < all; k++) {
      let gradient = select(dy[at], 0.0, y[at] <= 0.0);
      dz[at] = gradient;
      sums += select(vec2f(0.0), gradient * vec2f(1.0, x[at] - mean), k < valid);
      at += p.c;
    }
  }
  shares[i] = vec2f(sums.x, sums.y * statistics[p.c + c]);
}
`,
  'batch_norm/statistics_combine': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What the batch-norm kernels share. x is [rows, inner, c], channels last; statistics are taken over rows and inner.
struct Params {
  rows: u32, inner: u32, c: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  training: u32,           // 1: statistics of the batch, padded rows do not count
  parts: u32, per: u32,    // how many shares the positions are dealt in, and positions of a share
  momentum: f32, epsilon: f32,
  residual: u32, relu: u32,   // 1: another tensor is added behind, a ReLU stands behind that
}

// Positions (row and place within it) of this slice that count.
fn valid_positions(step_rows: u32) -> u32 {
  if (p.training == 0) { return p.rows * p.inner; }
  let valid = valid_rows(step_rows, p.total);
  return min(max(valid, p.base) - p.base, p.rows) * p.inner;
}

// Positions of share \`part\` that count.
fn share_size(part: u32, positions: u32) -> u32 {
  let start = part * p.per;
  return min(max(positions, start) - start, p.per);
}
// Mean and 1 / sqrt(variance + epsilon) of each channel from the shares of the first pass, joined in a fixed order
// (Chan, Golub and LeVeque, 1979):  squares = squares_a + squares_b + (mean_b - mean_a)^2 n_a n_b / (n_a + n_b)
// and the running statistics. After a slice that is not the last, \`statistics\` holds mean and squares so far.
// At inference both come from the running statistics. One thread a channel; dispatch ceil(c / 64).
// use: grid, step, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> shares: array<vec2f>;                 // [parts, c] mean, squares
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;         // [2, c]
@group(0) @binding(4) var<storage, read_write> running_mean: array<f32>;       // [c]
@group(0) @binding(5) var<storage, read_write> running_variance: array<f32>;   // [c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_thread(gid, groups, 64);
  if (c >= p.c) { return; }
  if (p.training == 0) {
    statistics[c] = running_mean[c];
    statistics[p.c + c] = 1.0 / sqrt(running_variance[c] + p.epsilon);
    return;
  }
  var count = 0.0;
  var mean = 0.0;
  var squares = 0.0;
  if (p.base > 0) {
    count = f32(min(p.base, valid_rows(step.rows, p.total)) * p.inner);
    mean = statistics[c];
    squares = statistics[p.c + c];
  }
  let positions = valid_positions(step.rows);
  for (var part = 0u; part < p.parts; part++) {
    let size = f32(share_size(part, positions));
    if (size > 0.0) {
      let share = shares[part * p.c + c];
      let delta = share.x - mean;
      let sum = count + size;
      mean += delta * (size / sum);
      squares += share.y + delta * delta * (count * (size / sum));
      count = sum;
    }
  }
  statistics[c] = mean;
  if (p.base + p.rows < p.total) {
    statistics[p.c + c] = squares;
    return;
  }
  let variance = squares / count;
  statistics[p.c + c] = 1.0 / sqrt(variance + p.epsilon);
  running_mean[c] += (1.0 - p.momentum) * (mean - running_mean[c]);
  running_variance[c] += (1.0 - p.momentum) * (variance - running_variance[c]);
}
`,
  'batch_norm/statistics_parts': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What the batch-norm kernels share. x is [rows, inner, c], channels last; statistics are taken over rows and inner.
struct Params {
  rows: u32, inner: u32, c: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  training: u32,           // 1: statistics of the batch, padded rows do not count
  parts: u32, per: u32,    // how many shares the positions are dealt in, and positions of a share
  momentum: f32, epsilon: f32,
  residual: u32, relu: u32,   // 1: another tensor is added behind, a ReLU stands behind that
}

// Positions (row and place within it) of this slice that count.
fn valid_positions(step_rows: u32) -> u32 {
  if (p.training == 0) { return p.rows * p.inner; }
  let valid = valid_rows(step_rows, p.total);
  return min(max(valid, p.base) - p.base, p.rows) * p.inner;
}

// Positions of share \`part\` that count.
fn share_size(part: u32, positions: u32) -> u32 {
  let start = part * p.per;
  return min(max(positions, start) - start, p.per);
}
// Mean and sum of squared deviations of each channel, first pass: one thread takes one channel of one share of the
// positions, by Welford's recurrence, which does not cancel however large the mean is:
//   mean += (x - mean) / k;  squares += (x - mean_before) (x - mean)
// Neighbouring threads take neighbouring channels. Dispatch ceil(parts * c / 64), folded; statistics_combine is next.
// use: grid, step, batch, batch_norm
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;               // [rows, inner, c]
@group(0) @binding(3) var<storage, read_write> shares: array<vec2f>;  // [parts, c] mean, squares

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.parts * p.c) { return; }
  let part = i / p.c;
  let size = share_size(part, valid_positions(step.rows));
  var at = part * p.per * p.c + i % p.c;
  var mean = 0.0;
  var squares = 0.0;
  for (var k = 0u; k < size; k++) {
    let deviation = x[at] - mean;
    mean += deviation / f32(k + 1);
    squares += deviation * (x[at] - mean);
    at += p.c;
  }
  shares[i] = vec2f(mean, squares);
}
`,
  'binary/broadcast': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// Addresses of up to three operands of a walk over the elements of a result (src/kernels/strides.ts). The shader's
// Params hold \`rank: u32\` and \`axes: array<vec4u, 6>\`, innermost axis first: (extent, stride of a, of b, of c).
// A stride of 0 repeats an operand along that axis.
fn strided(i: u32) -> vec3u {
  var rest = i;
  var at = vec3u();
  for (var k = 0u; k + 1 < p.rank; k++) {
    let axis = p.axes[k];
    let outer = rest / axis.x;
    at += (rest - outer * axis.x) * axis.yzw;
    rest = outer;
  }
  return at + rest * p.axes[p.rank - 1].yzw;
}
// out[i] = f(a, b) with NumPy broadcasting: a and b are addressed by strides, 0 along the axes they are repeated over.
// One element of out at a time (at most 6 axes after neighbours are merged); dispatch ceil(size / (64 each)), folded.
// use: elements, binary, strided
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  rank: u32,
  unused: u32,
  axes: array<vec4u, 6>,   // innermost first: (extent, stride of a, stride of b, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  let at = strided(i);
  out[i] = binary(FN, a[at.x], b[at.y]);
}
`,
  'binary/matrix': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// out[r, c] = f(a, b) where each operand is a whole matrix, a row, a column or one number: what is left of most
// broadcasts (a bias, a scale for each channel) when neighbouring axes are merged. One division instead of a loop.
// One element of out at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, binary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  columns: u32,
  a_row: u32, a_column: u32,   // strides, 0 where a is repeated
  b_row: u32, b_column: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size / columns, columns]

fn element(i: u32) {
  let row = i / p.columns;
  let column = i - row * p.columns;
  out[i] = binary(FN, a[row * p.a_row + column * p.a_column], b[row * p.b_row + column * p.b_column]);
}
`,
  'binary/same_shape': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// out[i] = f(a[i], b[i]) for tensors of one shape.  One element at a time; dispatch ceil(size / (64 each)), folded.
// The common case (sums of gradients, residual connections): no index arithmetic, one load for each operand.
// use: elements, binary
const FN: u32 = 0;
struct Params { size: u32, each: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read> b: array<f32>;           // [size]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = binary(FN, a[i], b[i]);
}
`,
  'binary/same_shape_vec4': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// out[i] = f(a[i], b[i]) for tensors of one shape.  Four elements at a time: a fourth of the index arithmetic and of the
// checks of bounds. Needs size % 4 == 0, p.size counts fours. Dispatch ceil(size / (64 each)), folded.
// use: elements, binary
const FN: u32 = 0;
struct Params { size: u32, each: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;           // [size]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;           // [size]
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;   // [size]

fn element(i: u32) {
  let x = a[i];
  let y = b[i];
  out[i] = vec4f(binary(FN, x.x, y.x), binary(FN, x.y, y.y), binary(FN, x.z, y.z), binary(FN, x.w, y.w));
}
`,
  'conv2d/first_layer': `enable subgroups;
// Forward convolution, stride 1, for very few input channels (1 to 4): the first layer of a network.
//
//   y[n,oy,ox,co] = act( bias[co] + sum_{kh,kw,ci} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * W[kh,kw,ci,co] )
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 output channels (a vec4 a lane), ROWS rows of one picture or of
//        neighbouring pictures, each in steps of PX pixels. The KH*KW*CIN weights of a lane stay in registers, read once
//        from HWIO. Inputs are loaded one pixel a lane (VECS loads of 8 pixels) and broadcast: lanes over input channels,
//        as in strip.wgsl, would leave 7 of 8 idle.
// dispatch: ceil(cout/32) * ceil(n*oh / ROWS) workgroups, folded to 2-D.
// needs: subgroups of SG lanes; cout a multiple of 4.
// good for: lavapipe, where it is bound by its stores. From 8 input channels on take strip.wgsl.

const SG: u32 = 8;
const CIN: u32 = 1;    // input channels
const KH: u32 = 3;
const KW: u32 = 3;
const ROWS: u32 = 4;   // rows a workgroup
const PX: u32 = 7;     // pixels a step
const VECS: u32 = (PX + KW - 1 + SG - 1) / SG;

struct Params {
  n: u32, h: u32, w: u32,
  oh: u32, ow: u32, cout: u32,
  padTop: i32, padLeft: i32,
  bias: u32,   // 1: add bias
  relu: u32,   // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;        // [n, h, w, CIN]
@group(0) @binding(2) var<storage, read> kernel: array<f32>;   // [KH, KW, CIN, cout]
@group(0) @binding(3) var<storage, read> bias: array<f32>;     // [cout]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [n, oh, ow, cout / 4]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let coBlocks = (p.cout + SG * 4 - 1) / (SG * 4);
  let rows = p.n * p.oh;
  let id = wid.x + wid.y * nwg.x;
  if (id >= coBlocks * ((rows + ROWS - 1) / ROWS)) { return; }  // uniform
  let co = (id % coBlocks) * (SG * 4) + lane * 4;
  let row0 = (id / coBlocks) * ROWS;

  let cols = vec4u(co) + vec4u(0, 1, 2, 3);
  let colOk = cols < vec4u(p.cout);
  let at = select(vec4u(0), cols, colOk);
  var wv: array<vec4f, KH * KW * CIN>;
  for (var i = 0u; i < KH * KW * CIN; i++) {
    let o = i * p.cout;
    wv[i] = vec4f(kernel[o + at.x], kernel[o + at.y], kernel[o + at.z], kernel[o + at.w]);
  }
  var start = vec4f();
  if (p.bias != 0) { start = vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]); }

  let end = min(row0 + ROWS, rows);
  for (var row = row0; row < end; row++) {
    for (var ox0 = 0u; ox0 < p.ow; ox0 += PX) {
      var acc: array<vec4f, PX>;
      for (var c = 0u; c < PX; c++) { acc[c] = start; }
      for (var kh = 0u; kh < KH; kh++) {
        let iy = i32(row % p.oh + kh) - p.padTop;
        let rowOk = iy >= 0 && iy < i32(p.h);
        let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
        for (var ci = 0u; ci < CIN; ci++) {
          var xs: array<f32, VECS>;  // pixels ox0 - padLeft + 8 v + lane
          for (var v = 0u; v < VECS; v++) {
            let ix = i32(ox0 + v * SG + lane) - p.padLeft;
            let ok = rowOk && ix >= 0 && ix < i32(p.w);
            xs[v] = select(0.0, x[select(0u, (base + u32(ix)) * CIN + ci, ok)], ok);
          }
          var b: array<f32, PX + KW - 1>;
          for (var j = 0u; j < PX + KW - 1; j++) { b[j] = subgroupShuffle(xs[j / SG], j % SG); }
          for (var kw = 0u; kw < KW; kw++) {
            for (var c = 0u; c < PX; c++) { acc[c] += b[c + kw] * wv[(kh * KW + kw) * CIN + ci]; }
          }
        }
      }
      for (var c = 0u; c < PX; c++) {
        var v = acc[c];
        if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
        if (ox0 + c < p.ow && co < p.cout) { y[((row * p.ow + ox0 + c) * p.cout + co) / 4] = v; }
      }
    }
  }
}
`,
  'conv2d/kernel_grad_first': `enable subgroups;
// Kernel gradient (and bias gradient) of a stride-1 convolution with very few input channels (1 to 4): partial sums.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * dY[n,oy,ox,co]      db[co] = sum dY
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 output channels (a vec4 a lane) and all KH*KW*CIN weights, which
//        stay in registers; it walks the rows (n*oh + oy) of its share in steps of PX pixels: PX vec4 loads of dY, and
//        inputs loaded one pixel a lane (VECS loads of 8 pixels a kernel row) and broadcast.
// dispatch: ceil(cout/32) * shares workgroups, folded to 2-D; then, where shares > 1, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cout a multiple of 4.
// good for: lavapipe, where it is bound by the loads of dY. shares: 32. From 8 input channels: kernel_grad_strip.

const SG: u32 = 8;
const CIN: u32 = 1;
const KH: u32 = 3;
const KW: u32 = 3;
const PX: u32 = 4;    // pixels a step
const IC: u32 = PX + KW - 1;
const VECS: u32 = (IC + SG - 1) / SG;

struct Params {
  n: u32, h: u32, w: u32,
  oh: u32, ow: u32, cout: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
  bias: u32,           // 1: the bias's gradient is wanted too
  accumulate: u32,     // 1: add to what dw and db hold; 0 where shares > 1
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [n, h, w, CIN]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;          // [n, oh, ow, cout / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;     // [shares, KH, KW, CIN, cout / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;     // [shares, cout / 4]

// Four weights' gradients, in the place of this share.
fn put(share: u32, at: u32, value: vec4f) {
  let o = (share * KH * KW * CIN * p.cout + at) / 4;
  var v = value;
  if (p.accumulate != 0) { v += dw[o]; }
  dw[o] = v;
}

// Four biases' gradients.
fn put_bias(share: u32, co: u32, value: vec4f) {
  let o = (share * p.cout + co) / 4;
  var v = value;
  if (p.accumulate != 0) { v += db[o]; }
  db[o] = v;
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let coBlocks = (p.cout + SG * 4 - 1) / (SG * 4);
  let id = wid.x + wid.y * nwg.x;
  if (id >= coBlocks * p.shares) { return; }  // uniform
  let co = (id % coBlocks) * (SG * 4) + lane * 4;
  let share = id / coBlocks;

  var acc: array<array<array<vec4f, CIN>, KW>, KH>;
  var sum = vec4f();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    for (var ox0 = 0u; ox0 < p.ow; ox0 += PX) {
      var g: array<vec4f, PX>;
      for (var c = 0u; c < PX; c++) {
        let ok = co < p.cout && ox0 + c < p.ow;
        g[c] = select(vec4f(), dy[select(0u, ((row * p.ow + ox0 + c) * p.cout + co) / 4, ok)], ok);
        sum += g[c];
      }
      for (var kh = 0u; kh < KH; kh++) {
        let iy = i32(row % p.oh + kh) - p.padTop;
        let rowOk = iy >= 0 && iy < i32(p.h);
        let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
        for (var ci = 0u; ci < CIN; ci++) {
          var xs: array<f32, VECS>;  // pixels ox0 - padLeft + 8 v + lane
          for (var v = 0u; v < VECS; v++) {
            let ix = i32(ox0 + v * SG + lane) - p.padLeft;
            let ok = rowOk && ix >= 0 && ix < i32(p.w);
            xs[v] = select(0.0, x[select(0u, (base + u32(ix)) * CIN + ci, ok)], ok);
          }
          var b: array<f32, IC>;
          for (var j = 0u; j < IC; j++) { b[j] = subgroupShuffle(xs[j / SG], j % SG); }
          for (var kw = 0u; kw < KW; kw++) {
            var s = acc[kh][kw][ci];
            for (var c = 0u; c < PX; c++) { s += b[c + kw] * g[c]; }
            acc[kh][kw][ci] = s;
          }
        }
      }
    }
  }

  for (var kh = 0u; kh < KH; kh++) {
    for (var kw = 0u; kw < KW; kw++) {
      for (var ci = 0u; ci < CIN; ci++) {
        if (co < p.cout) { put(share, ((kh * KW + kw) * CIN + ci) * p.cout + co, acc[kh][kw][ci]); }
      }
    }
  }
  if (p.bias != 0 && co < p.cout) { put_bias(share, co, sum); }
}
`,
  'conv2d/kernel_grad_narrow': `enable subgroups;
// Kernel gradient (and bias gradient) of a convolution of any stride: partial sums, one set a share of the rows.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy*strideH+kh-padTop, ox*STEP+kw-padLeft, ci] * dY[n,oy,ox,co]
//   db[co] = sum_{n,oy,ox} dY[n,oy,ox,co]
//
// One workgroup = one subgroup: 2 SG input channels (a vec2 a lane) x PER_LANE SG output channels x one kernel row. It walks
// the rows (n*oh + oy) of its share pixel after pixel and keeps the KW-STEP input columns that the next pixel needs again:
// STEP + 1 loads a pixel, no half-empty steps. Two sets of sums, with a loop for each, which the driver unrolls.
// Who uses it says how many output channels a lane has (\`alias Channels\`, PER_LANE), SG, KW and STEP.
const KEPT: u32 = max(KW, STEP) - STEP;      // columns that neighbouring pixels share

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  strideH: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
  bias: u32,           // 1: the bias's gradient is wanted too
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;            // [n, h, w, cin / 2]
@group(0) @binding(2) var<storage, read> dy: array<Channels>;        // [n, oh, ow, cout / PER_LANE]
@group(0) @binding(3) var<storage, read_write> dw: array<Channels>;  // [shares, kh, KW, cin, cout / PER_LANE]
@group(0) @binding(4) var<storage, read_write> db: array<Channels>;  // [shares, cout / PER_LANE]

alias Sums = array<array<Channels, KW>, SG>;   // of one of the two input channels of each lane

// Adds one pixel's products with one input channel of each lane.
fn add(acc: ptr<function, Sums>, xs: array<f32, KW>, g: Channels) {
  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) { (*acc)[u][kw] += subgroupShuffle(xs[kw], u) * g; }
  }
}

// Stores the sums of input channels first, first + 2, ...
fn put(acc: ptr<function, Sums>, first: u32, share: u32, kh: u32, co: u32) {
  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) {
      let ci = first + 2 * u;
      if (ci < p.cin && co < p.cout) {
        dw[((((share * p.kh + kh) * KW + kw) * p.cin + ci) * p.cout + co) / PER_LANE] = (*acc)[u][kw];
      }
    }
  }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let ciBlocks = (p.cin + SG * 2 - 1) / (SG * 2);
  let coBlocks = (p.cout + SG * PER_LANE - 1) / (SG * PER_LANE);
  let id = wid.x + wid.y * nwg.x;
  if (id >= ciBlocks * coBlocks * p.kh * p.shares) { return; }  // uniform
  let ci0 = (id % ciBlocks) * (SG * 2);
  let kh = (id / ciBlocks) % p.kh;
  let co = ((id / (ciBlocks * p.kh)) % coBlocks) * (SG * PER_LANE) + lane * PER_LANE;
  let share = id / (ciBlocks * p.kh * coBlocks);
  let ci = ci0 + lane * 2;

  var even: Sums;
  var odd: Sums;
  var sum = Channels();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    let iy = i32(row % p.oh * p.strideH + kh) - p.padTop;
    let rowOk = iy >= 0 && iy < i32(p.h) && ci < p.cin;
    let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
    // The columns of one pixel's window, outside the picture 0; before the first pixel they stand one step further left.
    var evens: array<f32, KW>;
    var odds: array<f32, KW>;
    for (var j = STEP; j < KW; j++) {
      let ix = i32(j - STEP) - p.padLeft;
      let ok = rowOk && ix >= 0 && ix < i32(p.w);
      let pair = select(vec2f(), x[select(0u, ((base + u32(ix)) * p.cin + ci) / 2, ok)], ok);
      evens[j] = pair.x;
      odds[j] = pair.y;
    }
    for (var ox = 0u; ox < p.ow; ox++) {
      let inside = co < p.cout;
      let g = select(Channels(), dy[select(0u, ((row * p.ow + ox) * p.cout + co) / PER_LANE, inside)], inside);
      sum += g;
      for (var j = 0u; j < KEPT; j++) {
        evens[j] = evens[j + STEP];
        odds[j] = odds[j + STEP];
      }
      for (var j = KEPT; j < KW; j++) {
        let ix = i32(ox * STEP + j) - p.padLeft;
        let ok = rowOk && ix >= 0 && ix < i32(p.w);
        let pair = select(vec2f(), x[select(0u, ((base + u32(ix)) * p.cin + ci) / 2, ok)], ok);
        evens[j] = pair.x;
        odds[j] = pair.y;
      }
      add(&even, evens, g);
      add(&odd, odds, g);
    }
  }

  put(&even, ci0, share, kh, co);
  put(&odd, ci0 + 1, share, kh, co);
  if (p.bias != 0 && ci0 == 0 && kh == 0 && co < p.cout) { db[(share * p.cout + co) / PER_LANE] = sum; }
}
// Kernel gradient (and bias gradient) of a convolution of any stride, two output channels a lane (shaders/lib/kernel_grad_walk.wgsl).
//
// tile:  one workgroup = one subgroup of 8 lanes: 16 input channels (a vec2 a lane) x 16 output channels (a vec2 a lane)
//        x one kernel row: STEP + 1 loads for 16 * 16 * KW multiply-adds.
// dispatch: ceil(cin/16) * ceil(cout/16) * kh * shares workgroups, folded to 2-D; then, where shares > 1 or the result
//        is added to what is there, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cin and cout multiples of 2 (x and dY are read as vec2).
// good for: lavapipe, where output channels leave half of kernel_grad_wide.wgsl's lanes empty: 16 of them, as in the first
//        stage of ResNet-20, or 10 classes, which do not come in fours; instead: that one, where channels fill it, as it
//        loads less for a product.
// use: kernel_grad_walk

const SG: u32 = 8;
const KW: u32 = 3;
const STEP: u32 = 1;       // horizontal stride
const PER_LANE: u32 = 2;
alias Channels = vec2f;
`,
  'conv2d/kernel_grad_plain': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the kernels of a convolution's weight gradient share. It is a matrix product over all pixels (n, oy, ox): a row
// is one weight's place (ky, kx, ci), a column one output channel. The bias gradient is one more row, whose input is
// always 1.
struct Params {
  n: u32, h: u32, w: u32, cin: u32,   // x [n, h, w, cin]
  oh: u32, ow: u32, cout: u32,        // dy [n, oh, ow, cout]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
  mask: u32,         // 1: dy counts only where y > 0
  db: u32,           // 1: the bias gradient is wanted
  accumulate: u32,   // 1: add to what is there
  shares: u32,       // the pixels are split into so many sums
  per_share: u32,    // pixels of a share
}
// dkernel[ky, kx, ci, o] = sum_{n, oy, ox} x[n, oy*stride + ky*dilation - pad, ..., ci] * dy[n, oy, ox, o];
// db[o] = sum dy, as one more row whose input is 1. dy counts only where y > 0 if the forward had a ReLU fused (mask).
// The reference variant: one thread a weight, which walks over all pixels. Every shape, every device.
// Dispatch ceil((kh * kw * cin + db) * cout / 64), folded.
// use: grid, conv_kernel_grad
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<f32>;             // [n, oh, ow, cout]
@group(0) @binding(3) var<storage, read> y: array<f32>;              // [n, oh, ow, cout]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dkernel: array<f32>;  // [kh, kw, cin, cout]
@group(0) @binding(5) var<storage, read_write> db: array<f32>;       // [cout]; any buffer without db

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let weights = p.kh * p.kw * p.cin * p.cout;
  if (i >= weights + p.db * p.cout) { return; }
  let o = i % p.cout;
  let row = i / p.cout;
  let ci = row % p.cin;
  let kx = row / p.cin % p.kw;
  let ky = row / (p.cin * p.kw);
  let is_bias = i >= weights;
  var sum = 0.0;
  for (var image = 0u; image < p.n; image++) {
    for (var oy = 0u; oy < p.oh; oy++) {
      let iy = i32(oy * p.stride_h + ky * p.dilation_h) - p.pad_top;
      if (!is_bias && (iy < 0 || iy >= i32(p.h))) { continue; }
      for (var ox = 0u; ox < p.ow; ox++) {
        let ix = i32(ox * p.stride_w + kx * p.dilation_w) - p.pad_left;
        if (!is_bias && (ix < 0 || ix >= i32(p.w))) { continue; }
        let at = ((image * p.oh + oy) * p.ow + ox) * p.cout + o;
        var gradient = dy[at];
        if (p.mask == 1) { gradient = select(gradient, 0.0, y[at] <= 0.0); }
        if (!is_bias) { gradient *= x[((image * p.h + u32(iy)) * p.w + u32(ix)) * p.cin + ci]; }
        sum += gradient;
      }
    }
  }
  if (is_bias) {
    if (p.accumulate == 1) { sum += db[o]; }
    db[o] = sum;
  } else {
    if (p.accumulate == 1) { sum += dkernel[i]; }
    dkernel[i] = sum;
  }
}
`,
  'conv2d/kernel_grad_register': `// What the kernels of a convolution's weight gradient share. It is a matrix product over all pixels (n, oy, ox): a row
// is one weight's place (ky, kx, ci), a column one output channel. The bias gradient is one more row, whose input is
// always 1.
struct Params {
  n: u32, h: u32, w: u32, cin: u32,   // x [n, h, w, cin]
  oh: u32, ow: u32, cout: u32,        // dy [n, oh, ow, cout]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
  mask: u32,         // 1: dy counts only where y > 0
  db: u32,           // 1: the bias gradient is wanted
  accumulate: u32,   // 1: add to what is there
  shares: u32,       // the pixels are split into so many sums
  per_share: u32,    // pixels of a share
}
// Kernel and bias gradient as a matrix product in registers: rows (ky, kx, ci) and the bias, columns output channels,
// summed over the pixels of one share (shaders/lib/conv_kernel_grad.wgsl).
// Each thread computes TM rows x TN channels and walks over the pixels: TM + TN loads for TM * TN multiply-adds.
// With several shares dkernel and db are scratch, one gradient a share, and sum_shares adds them up in order.
// Workgroup 8 x 8 threads = (8 TM) rows x (8 TN) channels; dispatch tiles of channels x tiles of rows x shares, folded.
// Good for any shape on any device; on real GPUs the workgroup-memory tile is better.
// use: conv_kernel_grad
const TM: u32 = 4;
const TN: u32 = 4;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<f32>;             // [n, oh, ow, cout]
@group(0) @binding(3) var<storage, read> y: array<f32>;              // [n, oh, ow, cout]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dkernel: array<f32>;  // [shares, kh, kw, cin, cout]
@group(0) @binding(5) var<storage, read_write> db: array<f32>;       // [shares, cout]; any buffer without db

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let weights = p.kh * p.kw * p.cin;
  let rows = weights + p.db;
  let column_tiles = (p.cout + 8 * TN - 1) / (8 * TN);
  let row_tiles = (rows + 8 * TM - 1) / (8 * TM);
  let tile = wid.x + wid.y * groups.x;
  let share = tile / (column_tiles * row_tiles);
  let row0 = tile / column_tiles % row_tiles * (8 * TM) + lid.y;
  let column0 = tile % column_tiles * (8 * TN) + lid.x;
  if (share >= p.shares || row0 >= rows || column0 >= p.cout) { return; }

  var down: array<i32, TM>;    // from the window's corner to the row's tap
  var across: array<i32, TM>;
  var channels: array<u32, TM>;
  var is_bias: array<bool, TM>;
  // Rows and channels past the edge repeat the last one; their results are not stored.
  for (var i = 0u; i < TM; i++) {
    let row = min(row0 + 8 * i, rows - 1);
    is_bias[i] = row == weights;
    channels[i] = row % p.cin;
    across[i] = i32(row / p.cin % p.kw * p.dilation_w) - p.pad_left;
    down[i] = i32(row / (p.cin * p.kw) * p.dilation_h) - p.pad_top;
  }
  var columns: array<u32, TN>;
  for (var j = 0u; j < TN; j++) { columns[j] = min(column0 + 8 * j, p.cout - 1); }

  var sums: array<array<f32, TN>, TM>;
  let first = share * p.per_share;
  let end = min(first + p.per_share, p.n * p.oh * p.ow);
  var ox = first % p.ow;
  var oy = first / p.ow % p.oh;
  var image = first / (p.ow * p.oh);
  for (var pixel = first; pixel < end; pixel++) {
    var gradients: array<f32, TN>;
    for (var j = 0u; j < TN; j++) {
      let at = pixel * p.cout + columns[j];
      gradients[j] = dy[at];
      if (p.mask == 1) { gradients[j] = select(gradients[j], 0.0, y[at] <= 0.0); }
    }
    for (var i = 0u; i < TM; i++) {
      let iy = i32(oy * p.stride_h) + down[i];
      let ix = i32(ox * p.stride_w) + across[i];
      let inside = !is_bias[i] && iy >= 0 && iy < i32(p.h) && ix >= 0 && ix < i32(p.w);
      let at = select(0u, ((image * p.h + u32(iy)) * p.w + u32(ix)) * p.cin + channels[i], inside);
      let value = select(select(0.0, 1.0, is_bias[i]), x[at], inside);
      for (var j = 0u; j < TN; j++) { sums[i][j] += value * gradients[j]; }
    }
    ox++;
    if (ox == p.ow) { ox = 0; oy++; }
    if (oy == p.oh) { oy = 0; image++; }
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 8 * i;
    for (var j = 0u; j < TN; j++) {
      let column = column0 + 8 * j;
      if (row < rows && column < p.cout) {
        if (is_bias[i]) {
          let at = share * p.cout + column;
          if (p.accumulate == 1) { sums[i][j] += db[at]; }
          db[at] = sums[i][j];
        } else {
          let at = (share * weights + row) * p.cout + column;
          if (p.accumulate == 1) { sums[i][j] += dkernel[at]; }
          dkernel[at] = sums[i][j];
        }
      }
    }
  }
}
`,
  'conv2d/kernel_grad_strip': `enable subgroups;
// Kernel gradient (and bias gradient) of a stride-1 convolution: partial sums, one set a share of the rows.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * dY[n,oy,ox,co]      db[co] = sum dY
//
// tile:  one workgroup = one subgroup of 8 lanes: 8 input channels x 32 output channels (a vec4 a lane) x one kernel
//        row. It walks the rows (n*oh + oy) of its share in steps of PX pixels, loads PX vec4 of dY and
//        PX+KW-1 inputs (one channel a lane), and broadcasts channel after channel.
// dispatch: ceil(cin/8) * ceil(cout/32) * kh * shares workgroups, folded to 2-D; then, where shares > 1, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cout a multiple of 4 (dY is read as vec4).
// good for: lavapipe. Take the fewest shares that give some 32 workgroups: the second pass reads every share.

const SG: u32 = 8;
const KW: u32 = 3;
const PX: u32 = 2;   // pixels a step; 4 and more spill
const IC: u32 = PX + KW - 1;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
  bias: u32,           // 1: the bias's gradient is wanted too
  accumulate: u32,     // 1: add to what dw and db hold; 0 where shares > 1
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;          // [n, oh, ow, cout / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;     // [shares, kh, KW, cin, cout / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;     // [shares, cout / 4]

// Four weights' gradients, in the place of this share.
fn put(share: u32, at: u32, value: vec4f) {
  let o = (share * p.kh * KW * p.cin * p.cout + at) / 4;
  var v = value;
  if (p.accumulate != 0) { v += dw[o]; }
  dw[o] = v;
}

// Four biases' gradients.
fn put_bias(share: u32, co: u32, value: vec4f) {
  let o = (share * p.cout + co) / 4;
  var v = value;
  if (p.accumulate != 0) { v += db[o]; }
  db[o] = v;
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let ciBlocks = (p.cin + SG - 1) / SG;
  let coBlocks = (p.cout + SG * 4 - 1) / (SG * 4);
  let id = wid.x + wid.y * nwg.x;
  if (id >= ciBlocks * coBlocks * p.kh * p.shares) { return; }  // uniform
  let ci0 = (id % ciBlocks) * SG;
  let kh = (id / ciBlocks) % p.kh;
  let co = ((id / (ciBlocks * p.kh)) % coBlocks) * (SG * 4) + lane * 4;
  let share = id / (ciBlocks * p.kh * coBlocks);
  let ci = ci0 + lane;

  var acc: array<array<vec4f, KW>, SG>;
  var sum = vec4f();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    let oy = row % p.oh;
    let image = row / p.oh;
    for (var ox0 = 0u; ox0 < p.ow; ox0 += PX) {
      var g: array<vec4f, PX>;
      for (var c = 0u; c < PX; c++) {
        let ok = ox0 + c < p.ow && co < p.cout;
        g[c] = select(vec4f(), dy[select(0u, ((row * p.ow + ox0 + c) * p.cout + co) / 4, ok)], ok);
        sum += g[c];
      }
      let iy = i32(oy + kh) - p.padTop;
      let rowOk = iy >= 0 && iy < i32(p.h) && ci < p.cin;
      let base = (image * p.h + u32(iy)) * p.w;
      var xs: array<f32, IC>;
      for (var j = 0u; j < IC; j++) {
        let ix = i32(ox0 + j) - p.padLeft;
        let ok = rowOk && ix >= 0 && ix < i32(p.w);
        xs[j] = select(0.0, x[select(0u, (base + u32(ix)) * p.cin + ci, ok)], ok);
      }
      for (var u = 0u; u < SG; u++) {
        var b: array<f32, IC>;
        for (var j = 0u; j < IC; j++) { b[j] = subgroupShuffle(xs[j], u); }
        for (var kw = 0u; kw < KW; kw++) {
          var s = acc[u][kw];  // a local: the sum over the pixels stays in registers
          for (var c = 0u; c < PX; c++) { s += b[c + kw] * g[c]; }
          acc[u][kw] = s;
        }
      }
    }
  }

  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) {
      if (ci0 + u < p.cin && co < p.cout) {
        put(share, ((kh * KW + kw) * p.cin + ci0 + u) * p.cout + co, acc[u][kw]);
      }
    }
  }
  if (p.bias != 0 && ci0 == 0 && kh == 0 && co < p.cout) { put_bias(share, co, sum); }
}
`,
  'conv2d/kernel_grad_tile': `// What the kernels of a convolution's weight gradient share. It is a matrix product over all pixels (n, oy, ox): a row
// is one weight's place (ky, kx, ci), a column one output channel. The bias gradient is one more row, whose input is
// always 1.
struct Params {
  n: u32, h: u32, w: u32, cin: u32,   // x [n, h, w, cin]
  oh: u32, ow: u32, cout: u32,        // dy [n, oh, ow, cout]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
  mask: u32,         // 1: dy counts only where y > 0
  db: u32,           // 1: the bias gradient is wanted
  accumulate: u32,   // 1: add to what is there
  shares: u32,       // the pixels are split into so many sums
  per_share: u32,    // pixels of a share
}
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
`,
  'conv2d/kernel_grad_wide': `enable subgroups;
// Kernel gradient (and bias gradient) of a convolution of any stride: partial sums, one set a share of the rows.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy*strideH+kh-padTop, ox*STEP+kw-padLeft, ci] * dY[n,oy,ox,co]
//   db[co] = sum_{n,oy,ox} dY[n,oy,ox,co]
//
// One workgroup = one subgroup: 2 SG input channels (a vec2 a lane) x PER_LANE SG output channels x one kernel row. It walks
// the rows (n*oh + oy) of its share pixel after pixel and keeps the KW-STEP input columns that the next pixel needs again:
// STEP + 1 loads a pixel, no half-empty steps. Two sets of sums, with a loop for each, which the driver unrolls.
// Who uses it says how many output channels a lane has (\`alias Channels\`, PER_LANE), SG, KW and STEP.
const KEPT: u32 = max(KW, STEP) - STEP;      // columns that neighbouring pixels share

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  strideH: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
  bias: u32,           // 1: the bias's gradient is wanted too
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;            // [n, h, w, cin / 2]
@group(0) @binding(2) var<storage, read> dy: array<Channels>;        // [n, oh, ow, cout / PER_LANE]
@group(0) @binding(3) var<storage, read_write> dw: array<Channels>;  // [shares, kh, KW, cin, cout / PER_LANE]
@group(0) @binding(4) var<storage, read_write> db: array<Channels>;  // [shares, cout / PER_LANE]

alias Sums = array<array<Channels, KW>, SG>;   // of one of the two input channels of each lane

// Adds one pixel's products with one input channel of each lane.
fn add(acc: ptr<function, Sums>, xs: array<f32, KW>, g: Channels) {
  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) { (*acc)[u][kw] += subgroupShuffle(xs[kw], u) * g; }
  }
}

// Stores the sums of input channels first, first + 2, ...
fn put(acc: ptr<function, Sums>, first: u32, share: u32, kh: u32, co: u32) {
  for (var u = 0u; u < SG; u++) {
    for (var kw = 0u; kw < KW; kw++) {
      let ci = first + 2 * u;
      if (ci < p.cin && co < p.cout) {
        dw[((((share * p.kh + kh) * KW + kw) * p.cin + ci) * p.cout + co) / PER_LANE] = (*acc)[u][kw];
      }
    }
  }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let ciBlocks = (p.cin + SG * 2 - 1) / (SG * 2);
  let coBlocks = (p.cout + SG * PER_LANE - 1) / (SG * PER_LANE);
  let id = wid.x + wid.y * nwg.x;
  if (id >= ciBlocks * coBlocks * p.kh * p.shares) { return; }  // uniform
  let ci0 = (id % ciBlocks) * (SG * 2);
  let kh = (id / ciBlocks) % p.kh;
  let co = ((id / (ciBlocks * p.kh)) % coBlocks) * (SG * PER_LANE) + lane * PER_LANE;
  let share = id / (ciBlocks * p.kh * coBlocks);
  let ci = ci0 + lane * 2;

  var even: Sums;
  var odd: Sums;
  var sum = Channels();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    let iy = i32(row % p.oh * p.strideH + kh) - p.padTop;
    let rowOk = iy >= 0 && iy < i32(p.h) && ci < p.cin;
    let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
    // The columns of one pixel's window, outside the picture 0; before the first pixel they stand one step further left.
    var evens: array<f32, KW>;
    var odds: array<f32, KW>;
    for (var j = STEP; j < KW; j++) {
      let ix = i32(j - STEP) - p.padLeft;
      let ok = rowOk && ix >= 0 && ix < i32(p.w);
      let pair = select(vec2f(), x[select(0u, ((base + u32(ix)) * p.cin + ci) / 2, ok)], ok);
      evens[j] = pair.x;
      odds[j] = pair.y;
    }
    for (var ox = 0u; ox < p.ow; ox++) {
      let inside = co < p.cout;
      let g = select(Channels(), dy[select(0u, ((row * p.ow + ox) * p.cout + co) / PER_LANE, inside)], inside);
      sum += g;
      for (var j = 0u; j < KEPT; j++) {
        evens[j] = evens[j + STEP];
        odds[j] = odds[j + STEP];
      }
      for (var j = KEPT; j < KW; j++) {
        let ix = i32(ox * STEP + j) - p.padLeft;
        let ok = rowOk && ix >= 0 && ix < i32(p.w);
        let pair = select(vec2f(), x[select(0u, ((base + u32(ix)) * p.cin + ci) / 2, ok)], ok);
        evens[j] = pair.x;
        odds[j] = pair.y;
      }
      add(&even, evens, g);
      add(&odd, odds, g);
    }
  }

  put(&even, ci0, share, kh, co);
  put(&odd, ci0 + 1, share, kh, co);
  if (p.bias != 0 && ci0 == 0 && kh == 0 && co < p.cout) { db[(share * p.cout + co) / PER_LANE] = sum; }
}
// Kernel gradient (and bias gradient) of a convolution of any stride, four output channels a lane (shaders/lib/kernel_grad_walk.wgsl).
//
// tile:  one workgroup = one subgroup of 8 lanes: 16 input channels (a vec2 a lane) x 32 output channels (a vec4 a lane)
//        x one kernel row: STEP + 1 loads for 16 * 32 * KW multiply-adds.
//        The 16 * KW vec4 sums live on the stack, which is cheap as long as the driver unrolls the loops over them. Mesa
//        unrolls a loop only up to some 800 scalar operations: hence two sets of sums, with a loop for each.
// dispatch: ceil(cin/16) * ceil(cout/32) * kh * shares workgroups, folded to 2-D; then, where shares > 1 or the result
//        is added to what is there, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cin a multiple of 2 and cout of 4 (x is read as vec2, dY as vec4).
// good for: lavapipe, where input channels fill the tile; instead: kernel_grad_strip.wgsl for 8 of them,
//        kernel_grad_narrow.wgsl for 16 output channels.
// use: kernel_grad_walk

const SG: u32 = 8;
const KW: u32 = 3;
const STEP: u32 = 1;       // horizontal stride
const PER_LANE: u32 = 4;
alias Channels = vec4f;
`,
  'conv2d/patches': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// a / b for a below 2^31, b > 0 and quotients below 2^22: by a float quotient, which vector units have, where dividing
// integers takes a software adapter one lane after the other (and so does converting unsigned ones). The float is off by
// less than one, so one step up or down makes it exact.
fn divide(a: u32, b: u32) -> u32 {
  let near = u32(i32(f32(i32(a)) / f32(i32(b))));
  let low = near - select(0u, 1u, near * b > a);
  return low + select(0u, 1u, a - low * b >= b);
}
// Convolutions as matrix products: a row for each output pixel, in which each tap has the channels it looks at.
struct Params {
  n: u32, h: u32, w: u32, c4: u32,   // x, or its gradient [n, h, w, 4 c4]
  oh: u32, ow: u32, kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
}
// out[n oy ox, ky kx, c] = x[n, oy stride_h + ky dilation_h - pad_top, ..., c], 0 outside: what the window at each output pixel
// sees, side by side (im2col). The convolution is then the product of this with the kernel as it lies.
// One thread four channels of a tap. Dispatch ceil(n * oh * ow * kh * kw * c4 / 64), folded.
// Needs channels in fours, and places below 2^22 (lib/divide.wgsl).
// use: grid, divide, taps
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [n, h, w, c4]
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;  // [n * oh * ow, kh * kw, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.kh * p.kw * p.c4) { return; }
  let tap = divide(i, p.c4);
  let pixel = divide(tap, p.kh * p.kw);
  let row = divide(pixel, p.ow);
  let image = divide(row, p.oh);
  let ky = divide(tap - pixel * p.kh * p.kw, p.kw);
  let kx = tap - pixel * p.kh * p.kw - ky * p.kw;
  let y = i32((row - image * p.oh) * p.stride_h + ky * p.dilation_h) - p.pad_top;
  let column = i32((pixel - row * p.ow) * p.stride_w + kx * p.dilation_w) - p.pad_left;
  var value = vec4f();
  if (y >= 0 && y < i32(p.h) && column >= 0 && column < i32(p.w)) {
    value = x[((image * p.h + u32(y)) * p.w + u32(column)) * p.c4 + i - tap * p.c4];
  }
  out[i] = value;
}
`,
  'conv2d/pick_pixels': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// a / b for a below 2^31, b > 0 and quotients below 2^22: by a float quotient, which vector units have, where dividing
// integers takes a software adapter one lane after the other (and so does converting unsigned ones). The float is off by
// less than one, so one step up or down makes it exact.
fn divide(a: u32, b: u32) -> u32 {
  let near = u32(i32(f32(i32(a)) / f32(i32(b))));
  let low = near - select(0u, 1u, near * b > a);
  return low + select(0u, 1u, a - low * b >= b);
}
// A picture [n, h, w, c4] of vec4s, and [n, oh, ow, c4], of which pixel (y, x) belongs to its pixel (y stride_h, x stride_w).
struct Params {
  n: u32, h: u32, w: u32,
  oh: u32, ow: u32, c4: u32,
  stride_h: u32, stride_w: u32,
  mask: u32,   // 1: see spread_pixels.wgsl
}

struct Place { image: u32, y: u32, x: u32, c: u32 }

// Where in a picture of h x w vec4 i lies.
fn place_of(i: u32, h: u32, w: u32) -> Place {
  let pixel = divide(i, p.c4);
  let row = divide(pixel, w);
  let image = divide(row, h);
  return Place(image, row - image * h, pixel - row * w, i - pixel * p.c4);
}
// out[n, oy, ox, c] = x[n, oy * stride_h, ox * stride_w, c]: every stride-th pixel of a picture.
// One thread four channels. Dispatch ceil(n * oh * ow * c4 / 64), folded.
// Needs c % 4 == 0, and pixels below 2^22 (lib/divide.wgsl).
// use: grid, divide, strided_pixels
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [n, h, w, c4]
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;  // [n, oh, ow, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.c4) { return; }
  let at = place_of(i, p.oh, p.ow);
  out[i] = x[((at.image * p.h + at.y * p.stride_h) * p.w + at.x * p.stride_w) * p.c4 + at.c];
}
`,
  'conv2d/plain': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the kernels of the shape \`out[pixel, o] = sum over taps and channels of source * kernel\` share. A convolution and
// its input gradient are both of it: a result pixel gathers the source pixels that its taps point at.
//
//   position in the source = (o * scale + k * step + offset) / divide, nothing where that is no whole number or outside
//   forward:         scale = stride, step = dilation,  offset = -pad, divide = 1
//   input gradient:  scale = 1,      step = -dilation, offset = pad,  divide = stride
struct Params {
  n: u32, h: u32, w: u32, c: u32,     // source [n, h, w, c]
  oh: u32, ow: u32, oc: u32,          // result [n, oh, ow, oc]
  kh: u32, kw: u32,
  scale_h: u32, scale_w: u32,
  step_h: i32, step_w: i32,
  offset_h: i32, offset_w: i32,
  divide_h: u32, divide_w: u32,
  tap: u32, channel: u32, column: u32,  // in the kernel: from tap to tap, from one source channel, one result channel to the next
  bias: u32, relu: u32,                 // 1: fused behind the sum
  mask: u32,                            // 1: the source counts only where y > 0
}

// Row or column of the source that \`t\` = o * scale + k * step + offset stands for; -1: none.
fn source_position(t: i32, divide: u32, size: u32) -> i32 {
  let whole = u32(t) / divide;
  return select(-1, i32(whole), t >= 0 && whole * divide == u32(t) && whole < size);
}
// out[n, oy, ox, o] = act(bias[o] + sum_{ky, kx, r} source[n, sy, sx, r] * kernel[ky, kx, r, o])
// 2-D convolution forward, or its input gradient (then source = dy, masked by y > 0 where a ReLU was fused, and the
// kernel's two channel axes change places): shaders/lib/conv_gather.wgsl says where (sy, sx) lies.
// The reference variant: one thread a result, one multiply-add for two loads. Every shape, every device.
// Dispatch ceil(n * oh * ow * oc / 64), folded.
// use: grid, conv_gather
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;      // [n, h, w, c]
@group(0) @binding(2) var<storage, read> y: array<f32>;           // [n, h, w, c]; any buffer without mask
@group(0) @binding(3) var<storage, read> kernel: array<f32>;      // [kh, kw, cin, cout]
@group(0) @binding(4) var<storage, read> bias: array<f32>;        // [oc]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> out: array<f32>;   // [n, oh, ow, oc]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.oc) { return; }
  let o = i % p.oc;
  let pixel = i / p.oc;
  let ox = pixel % p.ow;
  let oy = pixel / p.ow % p.oh;
  let image = pixel / (p.ow * p.oh);
  var sum = 0.0;
  for (var ky = 0u; ky < p.kh; ky++) {
    let sy = source_position(i32(oy * p.scale_h) + i32(ky) * p.step_h + p.offset_h, p.divide_h, p.h);
    if (sy < 0) { continue; }
    for (var kx = 0u; kx < p.kw; kx++) {
      let sx = source_position(i32(ox * p.scale_w) + i32(kx) * p.step_w + p.offset_w, p.divide_w, p.w);
      if (sx < 0) { continue; }
      let from_pixel = ((image * p.h + u32(sy)) * p.w + u32(sx)) * p.c;
      let weights = (ky * p.kw + kx) * p.tap + o * p.column;
      for (var r = 0u; r < p.c; r++) {
        var value = source[from_pixel + r];
        if (p.mask == 1) { value = select(value, 0.0, y[from_pixel + r] <= 0.0); }
        sum += value * kernel[weights + r * p.channel];
      }
    }
  }
  if (p.bias == 1) { sum += bias[o]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
  out[i] = sum;
}
`,
  'conv2d/register_tile': `// What the kernels of the shape \`out[pixel, o] = sum over taps and channels of source * kernel\` share. A convolution and
// its input gradient are both of it: a result pixel gathers the source pixels that its taps point at.
//
//   position in the source = (o * scale + k * step + offset) / divide, nothing where that is no whole number or outside
//   forward:         scale = stride, step = dilation,  offset = -pad, divide = 1
//   input gradient:  scale = 1,      step = -dilation, offset = pad,  divide = stride
struct Params {
  n: u32, h: u32, w: u32, c: u32,     // source [n, h, w, c]
  oh: u32, ow: u32, oc: u32,          // result [n, oh, ow, oc]
  kh: u32, kw: u32,
  scale_h: u32, scale_w: u32,
  step_h: i32, step_w: i32,
  offset_h: i32, offset_w: i32,
  divide_h: u32, divide_w: u32,
  tap: u32, channel: u32, column: u32,  // in the kernel: from tap to tap, from one source channel, one result channel to the next
  bias: u32, relu: u32,                 // 1: fused behind the sum
  mask: u32,                            // 1: the source counts only where y > 0
}

// Row or column of the source that \`t\` = o * scale + k * step + offset stands for; -1: none.
fn source_position(t: i32, divide: u32, size: u32) -> i32 {
  let whole = u32(t) / divide;
  return select(-1, i32(whole), t >= 0 && whole * divide == u32(t) && whole < size);
}
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
`,
  'conv2d/repack_uniform': `// Repack a convolution kernel, HWIO, into the slices that strip.wgsl reads through a uniform buffer.
//
//   forward (FLIP 0):  out[block][slice][ci][kh][kw][c]  = W[kh][kw][ci][block*CB + c]            a = ci, o = co
//   dX      (FLIP 1):  out[block][slice][co][kh][kw][c]  = W[KH-1-kh][KW-1-kw][block*CB + c][co]  a = co, o = ci
//
// \`red\` names the channels that are summed over and \`out\` those that come out: (cin, cout) forward, (cout, cin) for dX.
// CB = 32 output channels a block (4 for each of 8 lanes). Channels beyond the end are written as zeros, so the
// convolution needs no test for them. A slice holds sliceRed summed channels (a multiple of 8) and starts at a
// multiple of sliceStride floats (sliceRed*KH*KW*CB rounded up to a multiple of max(64, CB) floats: 256 bytes, an offset
// a binding may have, and whole runs).  With KH = KW = 1 it packs the right-hand matrix of matmul/strip.wgsl.
//
// dispatch: ceil(blocks * slices * sliceStride / (64 * CB)), folded to 2-D. One thread writes a run of CB floats: the
//        integer divisions of the address are the dear part, so they are done once a run.
// good for: lavapipe; run once after each weight update. Not coalesced: a GPU wants one float a thread.

const FLIP: u32 = 0;
const CB: u32 = 32;

struct Params {
  kh: u32,
  kw: u32,
  red: u32,          // channels summed over
  out: u32,          // channels that come out
  sliceRed: u32,     // summed channels in one slice
  sliceStride: u32,  // floats from slice to slice
  slices: u32,       // slices a block
  total: u32,        // floats written: blocks * slices * sliceStride
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> kernel: array<f32>;        // [kh, kw, cin, cout]
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;  // [block, slice, sliceStride]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) t: u32) {
  let i = (wid.x + wid.y * nwg.x) * 64 + t;   // a run of CB floats
  if (i * CB >= p.total) { return; }
  let runs = p.sliceStride / CB;
  let slot = i / runs;                        // block * slices + slice
  let inSlice = i % runs;
  let kw = inSlice % p.kw;
  let kh = (inSlice / p.kw) % p.kh;
  let a = inSlice / (p.kw * p.kh);            // summed channel within the slice
  let block = slot / p.slices;
  let r = (slot % p.slices) * p.sliceRed + a;
  let runOk = a < p.sliceRed && r < p.red;
  // address of channel o is base + o * step
  var base = ((kh * p.kw + kw) * p.red + r) * p.out;
  var step = 1u;
  if (FLIP == 1) {
    base = ((p.kh - 1 - kh) * p.kw + (p.kw - 1 - kw)) * p.out * p.red + r;
    step = p.red;
  }
  for (var c = 0u; c < CB; c++) {
    let o = block * CB + c;
    let ok = runOk && o < p.out;
    packed[i * CB + c] = select(0.0, kernel[select(0u, base + o * step, ok)], ok);
  }
}
`,
  'conv2d/spread_pixels': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// a / b for a below 2^31, b > 0 and quotients below 2^22: by a float quotient, which vector units have, where dividing
// integers takes a software adapter one lane after the other (and so does converting unsigned ones). The float is off by
// less than one, so one step up or down makes it exact.
fn divide(a: u32, b: u32) -> u32 {
  let near = u32(i32(f32(i32(a)) / f32(i32(b))));
  let low = near - select(0u, 1u, near * b > a);
  return low + select(0u, 1u, a - low * b >= b);
}
// A picture [n, h, w, c4] of vec4s, and [n, oh, ow, c4], of which pixel (y, x) belongs to its pixel (y stride_h, x stride_w).
struct Params {
  n: u32, h: u32, w: u32,
  oh: u32, ow: u32, c4: u32,
  stride_h: u32, stride_w: u32,
  mask: u32,   // 1: see spread_pixels.wgsl
}

struct Place { image: u32, y: u32, x: u32, c: u32 }

// Where in a picture of h x w vec4 i lies.
fn place_of(i: u32, h: u32, w: u32) -> Place {
  let pixel = divide(i, p.c4);
  let row = divide(pixel, w);
  let image = divide(row, h);
  return Place(image, row - image * h, pixel - row * w, i - pixel * p.c4);
}
// out[n, oy * stride_h, ox * stride_w, c] = x[n, oy, ox, c], and 0 between: a picture with its pixels pulled apart.
// With mask, an x counts only where y, the result of the ReLU behind it, is positive.
// One thread four channels. Dispatch ceil(n * h * w * c4 / 64), folded.
// Needs c % 4 == 0, and pixels below 2^22 (lib/divide.wgsl).
// use: grid, divide, strided_pixels
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [n, oh, ow, c4]
@group(0) @binding(2) var<storage, read> y: array<vec4f>;          // [n, oh, ow, c4]; x where p.mask = 0
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;  // [n, h, w, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c4) { return; }
  let at = place_of(i, p.h, p.w);
  let oy = divide(at.y, p.stride_h);
  let ox = divide(at.x, p.stride_w);
  var value = vec4f();
  if (oy * p.stride_h == at.y && ox * p.stride_w == at.x && oy < p.oh && ox < p.ow) {
    let source = ((at.image * p.oh + oy) * p.ow + ox) * p.c4 + at.c;
    value = x[source];
    if (p.mask == 1) { value = select(value, vec4f(), y[source] <= vec4f()); }
  }
  out[i] = value;
}
`,
  'conv2d/stationary': `enable subgroups;
// 2-D convolution, stride 1, forward and (flipped weights) input gradient, with the weights held still.
//
//   y[n,oy,ox,co] = act( bias[co] + sum_{kh,kw,ci} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * W[kh,kw,ci,co] )
//
// As an input gradient: the exchanged sizes and padding that strip.wgsl describes.
//
// tile:  one workgroup = one subgroup: 2*SG input channels (two neighbouring ones a lane) x 4*SG output channels (a vec4
//        a lane). It loads all weights of the tile once into private memory, 18 KiB with 8 lanes and 3x3, and
//        walks over the rows of its share of y with them. Since every index into them is constant, they end
//        on the stack as the memory operands of multiplications, which cost nothing. In a row it takes column after column
//        of x: KH vec2 loads, each value broadcast once and used for KW outputs. Only the KW outputs that the
//        column touches are in registers: the leftmost is finished then, the others move on.
// dispatch: ceil(n*oh / rowsPerGroup) workgroups, folded to 2-D, for each block of 4*SG output channels and each slice
//        of 2*SG input channels (layout: repack_uniform.wgsl). Slices after the first set \`accumulate\`; the first adds the bias,
//        the last sets \`relu\`.
// good for: lavapipe, rows of any length. A step of a column costs the same at the edges, so valid padding wastes KW-1 of
//        w columns. Sums over many slices pay for reading and writing y.
// needs: subgroups of SG lanes; cin a multiple of 2, cout of 4; every output in reach of a column of x: padLeft < KW and
//        ow <= w + padLeft. KH*KW <= 9, and 2*SG*KH*KW*SG vec4s within 64 KiB (7 taps with 16 lanes).
// instead:  strip.wgsl for larger kernels and for very few taps; first_layer.wgsl below 8 input channels.

const SG: u32 = 8;   // lanes of the device's subgroups
const KH: u32 = 3;
const KW: u32 = 3;
const TAPS: u32 = KH * KW;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32,
  padTop: i32, padLeft: i32,
  ci0: u32,           // first input channel of this slice
  co0: u32,           // first output channel of this block
  rowsPerGroup: u32,
  accumulate: u32,    // 1: add to what y holds
  bias: u32,          // 1: add bias
  relu: u32,          // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;                                // [n, h, w, cin / 2]
@group(0) @binding(2) var<uniform> weights: array<vec4f, 2 * SG * TAPS * SG>;            // [2 * SG, KH, KW, lane]
@group(0) @binding(3) var<storage, read> bias: array<f32>;                               // [cout]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;                          // [n, oh, ow, cout / 4]

// [u, KH, KW]: one of the two channels of every lane u. An array for each: a loop over both would be too long for the
// driver to unroll, and an index that is not constant would cost the sums a gather.
alias Weights = array<vec4f, SG * TAPS>;

// Here, once a workgroup, that is cheap: one loop over all weights, of more turns than Mesa unrolls, makes the shader
// compile in a quarter of the time that it takes with them written out.
fn load(to: ptr<function, Weights>, odd: u32, lane: u32) {
  for (var i = 0u; i < SG * TAPS; i++) { to[i] = weights[((i / TAPS * 2 + odd) * TAPS + i % TAPS) * SG + lane]; }
}

// Adds what a column of x gives to the outputs in reach, for one channel of every lane.
fn add_column(acc: ptr<function, array<vec4f, KW>>, w: ptr<function, Weights>, column: ptr<function, array<f32, KH>>) {
  for (var u = 0u; u < SG; u++) {
    for (var kh = 0u; kh < KH; kh++) {
      let b = subgroupShuffle(column[kh], u);
      for (var kw = 0u; kw < KW; kw++) { acc[kw] += b * w[u * TAPS + kh * KW + kw]; }
    }
  }
}

// Four channels of one pixel of y.
fn put(row: u32, ox: i32, c0: u32, sum: vec4f) {
  if (ox >= 0 && ox < i32(p.ow) && c0 < p.cout) {
    let o = ((row * p.ow + u32(ox)) * p.cout + c0) / 4;
    var v = sum;
    if (p.accumulate != 0) { v += y[o]; }
    if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
    y[o] = v;
  }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let rows = p.n * p.oh;
  let first = (wid.x + wid.y * nwg.x) * p.rowsPerGroup;
  if (first >= rows) { return; }  // the whole subgroup returns: uniform
  var even: Weights;
  var odd: Weights;
  load(&even, 0, lane);
  load(&odd, 1, lane);
  let ci = p.ci0 + 2 * lane;
  let c0 = p.co0 + 4 * lane;
  var start = vec4f();
  if (p.bias != 0 && c0 < p.cout) { start = vec4f(bias[c0], bias[c0 + 1], bias[c0 + 2], bias[c0 + 3]); }

  let end = min(first + p.rowsPerGroup, rows);
  var image = first / p.oh;  // counted on below: a division in every row would cost as much as a column
  var oy = first % p.oh;
  for (var row = first; row < end; row++) {
    var acc = array<vec4f, KW>();  // acc[kw]: the output that column ix meets with tap kw, ox = ix + padLeft - kw
    for (var ix = 0u; ix < p.w; ix++) {
      var evens: array<f32, KH>;
      var odds: array<f32, KH>;
      for (var kh = 0u; kh < KH; kh++) {
        let iy = i32(oy + kh) - p.padTop;
        let ok = iy >= 0 && iy < i32(p.h) && ci < p.cin;
        let pair = select(vec2f(), x[select(0u, (((image * p.h + u32(iy)) * p.w + ix) * p.cin + ci) / 2, ok)], ok);
        evens[kh] = pair.x;
        odds[kh] = pair.y;
      }
      add_column(&acc, &even, &evens);
      add_column(&acc, &odd, &odds);
      put(row, i32(ix) + p.padLeft - i32(KW - 1), c0, acc[KW - 1] + start);
      var next = array<vec4f, KW>();
      for (var kw = 0u; kw < KW - 1; kw++) { next[kw + 1] = acc[kw]; }
      acc = next;
    }
    for (var k = 0u; k < KW - 1; k++) { put(row, i32(p.w + k) + p.padLeft - i32(KW - 1), c0, acc[KW - 1 - k] + start); }
    oy++;
    image = select(image, image + 1, oy == p.oh);
    oy = select(oy, 0, oy == p.oh);
  }
}
`,
  'conv2d/strip': `enable subgroups;
// 2-D convolution, stride 1, forward; and, with flipped weights, its input gradient.
//
//   y[n,oy,ox,co] = act( bias[co] + sum_{kh,kw,ci} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * W[kh,kw,ci,co] )
//
// dX of a stride-1 convolution is the same sum: x := dY, weights repacked with FLIP = 1, cin and cout exchanged,
// h,w := the forward's oh,ow and oh,ow := the forward's h,w, padTop := KH-1-padTop, padLeft := KW-1-padLeft.
//
// tile:  one workgroup = one subgroup of 8 lanes. A lane owns 4 output channels (one vec4), a subgroup 32.
//        It accumulates SEGS row segments of COLS pixels each (rows counted through all images: n*oh + oy).
//        For 8 input channels and one kernel row it loads the segment's COLS+KW-1 inputs, one channel a lane, then
//        broadcasts channel after channel: a value loaded once serves KW taps and 32 output channels, a weight
//        (vec4 from a uniform buffer, the cheapest load lavapipe has) serves all pixels of the tile.
// dispatch: ceil(n*oh / SEGS) * ceil(ow / COLS) workgroups, folded to 2-D; one dispatch for each block of 32 output
//        channels and each slice of input channels that fits 64 KiB (slice sizes and layout: repack_uniform.wgsl).
//        Slices after the first set \`accumulate\`; only the last sets \`bias\` and \`relu\`.
// good for: lavapipe, where load instructions decide. On GPUs, workgroup-memory tiles win.
// needs: subgroups of SG lanes; cout a multiple of 4 (y is written as vec4: scalar stores cost a fifth to a third).
// instead:  stationary.wgsl for 4 to 9 taps; first_layer.wgsl below 8 input channels; other kernels for stride > 1 or very many slices (512 -> 512).

const SG: u32 = 8;          // lanes of the device's subgroups
const SEGS: u32 = 1;        // row segments a tile; more than 1 pays for very narrow pictures
const COLS: u32 = 14;       // pixels a segment
const KW: u32 = 3;          // kernel width; the height is free (p.kh)
const WSIZE: u32 = 4096;    // vec4s bound: always all 64 KiB, so that pipelines stay few
const IC: u32 = COLS + KW - 1;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  padTop: i32, padLeft: i32,
  ci0: u32,         // first input channel of this slice
  ciBlocks: u32,    // its channels / SG, rounded up
  co0: u32,         // first output channel of this block
  accumulate: u32,  // 1: add to what y holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [n, h, w, cin]
@group(0) @binding(2) var<uniform> weights: array<vec4f, WSIZE>; // [ciBlocks * SG, kh, KW, lane] x 4 output channels
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [cout]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [n, oh, ow, cout / 4]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let strips = (p.ow + COLS - 1) / COLS;
  let rows = p.n * p.oh;
  let id = wid.x + wid.y * nwg.x;
  if (id >= strips * ((rows + SEGS - 1) / SEGS)) { return; }  // the whole subgroup returns: uniform
  let ox0 = (id % strips) * COLS;
  let row0 = (id / strips) * SEGS;

  var acc: array<array<vec4f, COLS>, SEGS>;
  for (var block = 0u; block < p.ciBlocks; block++) {
    let ci = p.ci0 + block * SG + lane;
    for (var kh = 0u; kh < p.kh; kh++) {
      // one input channel a lane; outside the picture (or past the last channel) reads 0
      var xs: array<array<f32, IC>, SEGS>;
      for (var s = 0u; s < SEGS; s++) {
        let row = row0 + s;
        let iy = i32(row % p.oh + kh) - p.padTop;
        let rowOk = row < rows && iy >= 0 && iy < i32(p.h) && ci < p.cin;
        let base = ((row / p.oh) * p.h + u32(iy)) * p.w;
        for (var j = 0u; j < IC; j++) {
          let ix = i32(ox0 + j) - p.padLeft;
          let ok = rowOk && ix >= 0 && ix < i32(p.w);
          xs[s][j] = select(0.0, x[select(0u, (base + u32(ix)) * p.cin + ci, ok)], ok);
        }
      }
      var at = (block * SG * p.kh + kh) * (KW * SG) + lane;
      for (var u = 0u; u < SG; u++) {
        var b: array<array<f32, IC>, SEGS>;  // channel u of the block, the same in all lanes
        for (var s = 0u; s < SEGS; s++) {
          for (var j = 0u; j < IC; j++) { b[s][j] = subgroupShuffle(xs[s][j], u); }
        }
        for (var kw = 0u; kw < KW; kw++) {
          let wv = weights[at + kw * SG];
          for (var s = 0u; s < SEGS; s++) {
            for (var c = 0u; c < COLS; c++) { acc[s][c] += b[s][c + kw] * wv; }
          }
        }
        at += p.kh * (KW * SG);
      }
    }
  }

  let c0 = p.co0 + lane * 4;
  for (var s = 0u; s < SEGS; s++) {
    for (var c = 0u; c < COLS; c++) {
      let o = (((row0 + s) * p.ow + ox0 + c) * p.cout + c0) / 4;
      if (row0 + s < rows && ox0 + c < p.ow && c0 < p.cout) {
        var v = acc[s][c];
        if (p.accumulate != 0) { v += y[o]; }
        if (p.bias != 0) { v += vec4f(bias[c0], bias[c0 + 1], bias[c0 + 2], bias[c0 + 3]); }
        if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
        y[o] = v;
      }
    }
  }
}
`,
  'conv2d/sum_shares': `// Second pass of the split reductions: adds the sums of all shares in the order of the shares.
//
//   dw[i] (+)= sum_s dwShares[s, i]        db[i] (+)= sum_s dbShares[s, i]
//
// p.accumulate = 1 adds to what dw and db hold. Where the bias's gradient is not wanted, biasSize is 0 and dbShares and
// db are any buffers.
// dispatch: ceil((size + biasSize) / 64) workgroups, folded to 2-D. One thread one value.

struct Params {
  size: u32,
  biasSize: u32,
  shares: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dwShares: array<f32>;    // [shares, size]
@group(0) @binding(2) var<storage, read> dbShares: array<f32>;    // [shares, biasSize]
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;    // [size]
@group(0) @binding(4) var<storage, read_write> db: array<f32>;    // [biasSize]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) t: u32) {
  let i = (wid.x + wid.y * nwg.x) * 64 + t;
  if (i < p.size) {
    var sum = 0.0;
    for (var s = 0u; s < p.shares; s++) { sum += dwShares[s * p.size + i]; }
    if (p.accumulate != 0) { sum += dw[i]; }
    dw[i] = sum;
  } else if (i - p.size < p.biasSize) {
    let j = i - p.size;
    var sum = 0.0;
    for (var s = 0u; s < p.shares; s++) { sum += dbShares[s * p.biasSize + j]; }
    if (p.accumulate != 0) { sum += db[j]; }
    db[j] = sum;
  }
}
`,
  'conv2d/sum_taps': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// a / b for a below 2^31, b > 0 and quotients below 2^22: by a float quotient, which vector units have, where dividing
// integers takes a software adapter one lane after the other (and so does converting unsigned ones). The float is off by
// less than one, so one step up or down makes it exact.
fn divide(a: u32, b: u32) -> u32 {
  let near = u32(i32(f32(i32(a)) / f32(i32(b))));
  let low = near - select(0u, 1u, near * b > a);
  return low + select(0u, 1u, a - low * b >= b);
}
// Convolutions as matrix products: a row for each output pixel, in which each tap has the channels it looks at.
struct Params {
  n: u32, h: u32, w: u32, c4: u32,   // x, or its gradient [n, h, w, 4 c4]
  oh: u32, ow: u32, kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
}
// dx[n, y, x, c] = sum of rows[n oy ox, ky kx, c] over the taps (ky, kx) through which output pixel (oy, ox) saw (y, x), in their order:
// what patches.wgsl dealt out is added up where it came from (col2im).
// One thread four channels of a pixel. Dispatch ceil(n * h * w * c4 / 64), folded.
// Needs channels in fours, and places below 2^22 (lib/divide.wgsl).
// use: grid, divide, taps
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;      // [n * oh * ow, kh * kw, c4]
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;  // [n, h, w, c4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c4) { return; }
  let pixel = divide(i, p.c4);
  let row = divide(pixel, p.w);
  let image = divide(row, p.h);
  let y = i32(row - image * p.h) + p.pad_top;
  let x = i32(pixel - row * p.w) + p.pad_left;
  var sum = vec4f();
  for (var ky = 0u; ky < p.kh; ky++) {
    let down = y - i32(ky * p.dilation_h);
    for (var kx = 0u; kx < p.kw; kx++) {
      let right = x - i32(kx * p.dilation_w);
      if (down < 0 || right < 0) { continue; }
      let oy = divide(u32(down), p.stride_h);
      let ox = divide(u32(right), p.stride_w);
      if (oy * p.stride_h != u32(down) || ox * p.stride_w != u32(right) || oy >= p.oh || ox >= p.ow) { continue; }
      let tap = ((image * p.oh + oy) * p.ow + ox) * p.kh * p.kw + ky * p.kw + kx;
      sum += rows[tap * p.c4 + i - pixel * p.c4];
    }
  }
  dx[i] = sum;
}
`,
  'conv2d/workgroup_tile': `// What the kernels of the shape \`out[pixel, o] = sum over taps and channels of source * kernel\` share. A convolution and
// its input gradient are both of it: a result pixel gathers the source pixels that its taps point at.
//
//   position in the source = (o * scale + k * step + offset) / divide, nothing where that is no whole number or outside
//   forward:         scale = stride, step = dilation,  offset = -pad, divide = 1
//   input gradient:  scale = 1,      step = -dilation, offset = pad,  divide = stride
struct Params {
  n: u32, h: u32, w: u32, c: u32,     // source [n, h, w, c]
  oh: u32, ow: u32, oc: u32,          // result [n, oh, ow, oc]
  kh: u32, kw: u32,
  scale_h: u32, scale_w: u32,
  step_h: i32, step_w: i32,
  offset_h: i32, offset_w: i32,
  divide_h: u32, divide_w: u32,
  tap: u32, channel: u32, column: u32,  // in the kernel: from tap to tap, from one source channel, one result channel to the next
  bias: u32, relu: u32,                 // 1: fused behind the sum
  mask: u32,                            // 1: the source counts only where y > 0
}

// Row or column of the source that \`t\` = o * scale + k * step + offset stands for; -1: none.
fn source_position(t: i32, divide: u32, size: u32) -> i32 {
  let whole = u32(t) / divide;
  return select(-1, i32(whole), t >= 0 && whole * divide == u32(t) && whole < size);
}
// The body of the implicit GEMM through workgroup memory. Who uses it says in which numbers the tiles are kept
// (\`alias Quad\`), how many pixels a thread computes (TM), and whether channels come in fours (QUADS).
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
// Implicit GEMM through workgroup memory: the convolution, or its input gradient, as a matrix product whose rows are
// result pixels, whose columns are result channels, summed over k = (tap, source channel). The left matrix is never
// written down: its tiles are gathered (shaders/lib/conv_gather.wgsl).
// 256 threads compute (16 TM) pixels x 64 channels; for 16 values of k they load both matrices' tiles into workgroup
// memory, every value once (vec4s along k on the left, along channels on the right), and each thread multiplies TM
// pixels with 4 channels: 4 + TM reads of vec4 for 16 TM multiply-adds. Where channels come in fours (QUADS), a thread
// finds its tap once and loads a vec4, else it does so for each of four scalars.
// Dispatch one workgroup for each tile, channels first, folded. Workgroup memory: 4 KiB (1 + TM / 4): 8 KiB for TM = 4.
// Needs at least 4 values in source and kernel.
// Good for real GPUs. A software adapter keeps workgroup memory in RAM and splits the shader at barriers: it loses there.
// use: conv_gather, conv_tile
const TM: u32 = 4;   // pixels a thread: 4 or 8
const QUADS: bool = true;
alias Quad = vec4f;
`,
  'conv2d/workgroup_tile_f16': `enable f16;
// What the kernels of the shape \`out[pixel, o] = sum over taps and channels of source * kernel\` share. A convolution and
// its input gradient are both of it: a result pixel gathers the source pixels that its taps point at.
//
//   position in the source = (o * scale + k * step + offset) / divide, nothing where that is no whole number or outside
//   forward:         scale = stride, step = dilation,  offset = -pad, divide = 1
//   input gradient:  scale = 1,      step = -dilation, offset = pad,  divide = stride
struct Params {
  n: u32, h: u32, w: u32, c: u32,     // source [n, h, w, c]
  oh: u32, ow: u32, oc: u32,          // result [n, oh, ow, oc]
  kh: u32, kw: u32,
  scale_h: u32, scale_w: u32,
  step_h: i32, step_w: i32,
  offset_h: i32, offset_w: i32,
  divide_h: u32, divide_w: u32,
  tap: u32, channel: u32, column: u32,  // in the kernel: from tap to tap, from one source channel, one result channel to the next
  bias: u32, relu: u32,                 // 1: fused behind the sum
  mask: u32,                            // 1: the source counts only where y > 0
}

// Row or column of the source that \`t\` = o * scale + k * step + offset stands for; -1: none.
fn source_position(t: i32, divide: u32, size: u32) -> i32 {
  let whole = u32(t) / divide;
  return select(-1, i32(whole), t >= 0 && whole * divide == u32(t) && whole < size);
}
// The body of the implicit GEMM through workgroup memory. Who uses it says in which numbers the tiles are kept
// (\`alias Quad\`), how many pixels a thread computes (TM), and whether channels come in fours (QUADS).
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
// workgroup_tile.wgsl with tiles of half the width: values are rounded to f16 as they are stored into workgroup memory,
// products and sums are f32. Half the workgroup memory and half its traffic, so more workgroups fit a core.
// Dispatch and needs as there; workgroup memory: 2 KiB (1 + TM / 4).
// Values beyond 65504 become infinite, those below 6e-8 zero: for activations and weights. Gradients would vanish.
// Good for GPUs that widen f16 operands for nothing.
// use: conv_gather, conv_tile
const TM: u32 = 4;   // pixels a thread: 4 or 8
const QUADS: bool = true;
alias Quad = vec4<f16>;
`,
  'conv2d_max_pool/first_layer': `enable subgroups;
// What the kernels share that compute a convolution and the maximum over windows of its results, which they never store.
struct Params {
  n: u32, h: u32, w: u32, cin: u32,       // x [n, h, w, cin]
  oh: u32, ow: u32, cout: u32,            // the convolution's result [n, oh, ow, cout], which exists nowhere
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
  ph: u32, pw: u32,                       // y [n, ph, pw, cout]
  window_h: u32, window_w: u32,           // of the pooling, as all below
  pool_stride_h: u32, pool_stride_w: u32,
  pool_pad_top: u32, pool_pad_left: u32,
  per_word: u32,                          // taps packed into one word: 4, or 1 where a window has more than 255
  words: u32,                             // words of taps an image, at least ph * pw * cout / per_word
  drop: u32,                              // 1: y is dropped at random, and keeps no tap where it is
  base: u32, id: u32,                     // number of the first image, which dropout of the network
  threshold: u32, scale: f32,             // rate * 2^24, 1 / (1 - rate)
  bias: u32, relu: u32,                   // 1: fused behind the sum, before the maximum
  taps: u32,                              // 1: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last tap of window o, along one axis, that lie inside the convolution's result.
fn taps_inside(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - start, min(start + window, size + pad) - start);
}
// Comparisons with NaN may be compiled away under fast-math rules; its bits may not.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn are_nan(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// Which elements a dropout keeps: a pure function of (seed, step, id, element), so that no mask is stored. Needs philox
// and step.
const DOMAIN: u32 = 0x64726f70;   // "drop": keeps these draws apart from others with the same id

// The draws of elements 4 quad to 4 quad + 3 of dropout \`id\`.
fn drop_words(quad: u32, id: u32) -> vec4u {
  return philox4x32(vec4u(quad, step.step, id, DOMAIN), vec2u(step.seed, 0));
}

// threshold: rate * 2^24. An element is kept when the upper 24 bits of its word reach it.
fn is_kept(word: u32, threshold: u32) -> bool { return (word >> 8) >= threshold; }
fn are_kept(words: vec4u, threshold: u32) -> vec4<bool> { return (words >> vec4u(8)) >= vec4u(threshold); }
// plain.wgsl for the first layer of a network on a software adapter: conv2d/first_layer.wgsl with the pooling behind it,
// so that only every (WH WW)-th result is stored. Stride 1, 1 to 4 input channels, windows side by side.
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 output channels (a vec4 a lane), ROWS rows of windows of one picture
//        or of neighbouring pictures, each in steps of PX windows. For each row of a window it computes the
//        PX WW results of the convolution as conv2d/first_layer.wgsl does, and keeps the largest with their taps.
// dispatch: ceil(cout/32) * ceil(n*ph / ROWS) workgroups, folded to 2-D.
// needs: subgroups of SG lanes; cout a multiple of 4; windows that do not overlap nor reach beyond the result.
// good for: lavapipe. instead: window.wgsl on GPUs.
// use: conv_pool, nan, step, philox, dropout

const SG: u32 = 8;
const CIN: u32 = 1;    // input channels
const KH: u32 = 3;
const KW: u32 = 3;
const WW: u32 = 2;     // columns of a window
const ROWS: u32 = 2;   // rows of windows a workgroup
const PX: u32 = 7;     // windows a step
const TAPS: bool = true;   // p.taps: without them there is less to keep in mind
const COLS: u32 = PX * WW;
const VECS: u32 = (COLS + KW - 1 + SG - 1) / SG;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, CIN]
@group(0) @binding(3) var<storage, read> kernel: array<vec4f>;     // [KH, KW, CIN, cout / 4]
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;       // [cout / 4]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;    // [n, ph, pw, cout / 4]
@group(0) @binding(6) var<storage, read_write> taps: array<u32>;   // [n, words]: word (py * pw + px) * cout / 4 + c of 4 channels; any buffer without p.taps

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let c4 = p.cout / 4;
  let blocks = (c4 + SG - 1) / SG;
  let rows = p.n * p.ph;
  let id = wid.x + wid.y * nwg.x;
  if (id >= blocks * ((rows + ROWS - 1) / ROWS)) { return; }  // uniform
  let co = (id % blocks) * SG + lane;
  let row0 = (id / blocks) * ROWS;

  let at = min(co, c4 - 1);
  var wv: array<vec4f, KH * KW * CIN>;
  for (var i = 0u; i < KH * KW * CIN; i++) { wv[i] = kernel[i * c4 + at]; }
  var start = vec4f();
  if (p.bias != 0) { start = bias[at]; }

  let end = min(row0 + ROWS, rows);
  for (var row = row0; row < end; row++) {
    let image = row / p.ph;
    let py = row % p.ph;
    for (var px0 = 0u; px0 < p.pw; px0 += PX) {
      var best = array<vec4f, PX>();
      var winner = array<vec4u, PX>();
      for (var wy = 0u; wy < p.window_h; wy++) {
        var acc: array<vec4f, COLS>;
        for (var c = 0u; c < COLS; c++) { acc[c] = start; }
        for (var kh = 0u; kh < KH; kh++) {
          let iy = i32(py * p.pool_stride_h + wy + kh) - p.pad_top;
          let rowOk = iy >= 0 && iy < i32(p.h);
          let base = (image * p.h + u32(iy)) * p.w;
          for (var ci = 0u; ci < CIN; ci++) {
            var xs: array<f32, VECS>;  // pixels px0 * WW - pad_left + 8 v + lane
            for (var v = 0u; v < VECS; v++) {
              let ix = i32(px0 * WW + v * SG + lane) - p.pad_left;
              let ok = rowOk && ix >= 0 && ix < i32(p.w);
              xs[v] = select(0.0, x[select(0u, (base + u32(ix)) * CIN + ci, ok)], ok);
            }
            var b: array<f32, COLS + KW - 1>;
            for (var j = 0u; j < COLS + KW - 1; j++) { b[j] = subgroupShuffle(xs[j / SG], j % SG); }
            for (var kw = 0u; kw < KW; kw++) {
              for (var c = 0u; c < COLS; c++) { acc[c] += b[c + kw] * wv[(kh * KW + kw) * CIN + ci]; }
            }
          }
        }
        for (var c = 0u; c < COLS; c++) {
          var v = acc[c];
          if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
          let isFirst = wy == 0 && c % WW == 0;
          let better = (v > best[c / WW]) | (are_nan(v) & !are_nan(best[c / WW])) | vec4<bool>(isFirst);
          best[c / WW] = select(best[c / WW], v, better);
          if (TAPS) { winner[c / WW] = select(winner[c / WW], vec4u(wy * WW + c % WW), better); }
        }
      }
      for (var c = 0u; c < PX; c++) {
        if (px0 + c < p.pw && co < c4) {
          let o = (py * p.pw + px0 + c) * c4 + co;
          let at = image * p.ph * p.pw * c4 + o;
          var v = best[c];
          var w = winner[c];
          if (p.drop == 1) {
            // Four channels are one draw.
            let kept = are_kept(drop_words(p.base * p.ph * p.pw * c4 + at, p.id), p.threshold);
            v = select(vec4f(), v * p.scale, kept);
            w = select(vec4u(255), w, kept);
          }
          y[at] = v;
          if (TAPS) { taps[image * p.words + o] = w.x | (w.y << 8) | (w.z << 16) | (w.w << 24); }
        }
      }
    }
    // Words behind the last window, up to where the next image starts.
    if (TAPS && py == p.ph - 1 && id % blocks == 0) {
      for (var word = p.ph * p.pw * c4 + lane; word < p.words; word += SG) { taps[image * p.words + word] = 0u; }
    }
  }
}
`,
  'conv2d_max_pool/plain': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the kernels share that compute a convolution and the maximum over windows of its results, which they never store.
struct Params {
  n: u32, h: u32, w: u32, cin: u32,       // x [n, h, w, cin]
  oh: u32, ow: u32, cout: u32,            // the convolution's result [n, oh, ow, cout], which exists nowhere
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
  ph: u32, pw: u32,                       // y [n, ph, pw, cout]
  window_h: u32, window_w: u32,           // of the pooling, as all below
  pool_stride_h: u32, pool_stride_w: u32,
  pool_pad_top: u32, pool_pad_left: u32,
  per_word: u32,                          // taps packed into one word: 4, or 1 where a window has more than 255
  words: u32,                             // words of taps an image, at least ph * pw * cout / per_word
  drop: u32,                              // 1: y is dropped at random, and keeps no tap where it is
  base: u32, id: u32,                     // number of the first image, which dropout of the network
  threshold: u32, scale: f32,             // rate * 2^24, 1 / (1 - rate)
  bias: u32, relu: u32,                   // 1: fused behind the sum, before the maximum
  taps: u32,                              // 1: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last tap of window o, along one axis, that lie inside the convolution's result.
fn taps_inside(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - start, min(start + window, size + pad) - start);
}
// Comparisons with NaN may be compiled away under fast-math rules; its bits may not.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn are_nan(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// Which elements a dropout keeps: a pure function of (seed, step, id, element), so that no mask is stored. Needs philox
// and step.
const DOMAIN: u32 = 0x64726f70;   // "drop": keeps these draws apart from others with the same id

// The draws of elements 4 quad to 4 quad + 3 of dropout \`id\`.
fn drop_words(quad: u32, id: u32) -> vec4u {
  return philox4x32(vec4u(quad, step.step, id, DOMAIN), vec2u(step.seed, 0));
}

// threshold: rate * 2^24. An element is kept when the upper 24 bits of its word reach it.
fn is_kept(word: u32, threshold: u32) -> bool { return (word >> 8) >= threshold; }
fn are_kept(words: vec4u, threshold: u32) -> vec4<bool> { return (words >> vec4u(8)) >= vec4u(threshold); }
// y[n, py, px, c] = max over a window of act(bias[c] + convolution); taps keeps where it was, for the gradient.
//   convolution[n, oy, ox, c] = sum_{ky, kx, ci} x[n, sy, sx, ci] * kernel[ky, kx, ci, c]
// The first of equal values wins, in row-major order of the window; so does the first NaN. With drop, y is then dropped
// out: 0 with probability rate, else scaled by 1 / (1 - rate); what is dropped has no tap.
// The reference variant: one thread a word of taps, which computes the per_word windows of one image that it stands for.
// Dispatch ceil(n * words / 64), folded. Every shape, every device; where windows overlap, sums are computed repeatedly.
// use: grid, conv_pool, nan, step, philox, dropout
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, cin]
@group(0) @binding(3) var<storage, read> kernel: array<f32>;       // [kh, kw, cin, cout]
@group(0) @binding(4) var<storage, read> bias: array<f32>;         // [cout]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> y: array<f32>;      // [n, ph, pw, cout]
@group(0) @binding(6) var<storage, read_write> taps: array<u32>;   // [n, words]; any buffer without p.taps

fn convolution(image: u32, oy: u32, ox: u32, c: u32) -> f32 {
  var sum = 0.0;
  for (var ky = 0u; ky < p.kh; ky++) {
    let sy = i32(oy * p.stride_h + ky * p.dilation_h) - p.pad_top;
    if (sy < 0 || sy >= i32(p.h)) { continue; }
    for (var kx = 0u; kx < p.kw; kx++) {
      let sx = i32(ox * p.stride_w + kx * p.dilation_w) - p.pad_left;
      if (sx < 0 || sx >= i32(p.w)) { continue; }
      let source = ((image * p.h + u32(sy)) * p.w + u32(sx)) * p.cin;
      let weights = (ky * p.kw + kx) * p.cin * p.cout + c;
      for (var ci = 0u; ci < p.cin; ci++) { sum += x[source + ci] * kernel[weights + ci * p.cout]; }
    }
  }
  if (p.bias == 1) { sum += bias[c]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  return select(sum, 0.0, p.relu == 1 && sum <= 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.words) { return; }
  let per_image = p.ph * p.pw * p.cout;
  let image = i / p.words;
  let first = i % p.words * p.per_word;
  let end = min(first + p.per_word, per_image);
  let field = select(0xffffffffu, 0xffu, p.per_word == 4);
  var packed = 0u;
  for (var element = first; element < end; element++) {
    let py = element / (p.cout * p.pw);
    let px = element / p.cout % p.pw;
    let rows = taps_inside(py, p.window_h, p.pool_stride_h, p.pool_pad_top, p.oh);
    let columns = taps_inside(px, p.window_w, p.pool_stride_w, p.pool_pad_left, p.ow);
    var best = 0.0;
    var winner = 0xffffffffu;
    for (var wy = rows.x; wy < rows.y; wy++) {
      for (var wx = columns.x; wx < columns.y; wx++) {
        let oy = py * p.pool_stride_h + wy - p.pool_pad_top;
        let ox = px * p.pool_stride_w + wx - p.pool_pad_left;
        let value = convolution(image, oy, ox, element % p.cout);
        if (winner == 0xffffffffu || value > best || (is_nan(value) && !is_nan(best))) {
          best = value;
          winner = wy * p.window_w + wx;
        }
      }
    }
    if (p.drop == 1) {
      let number = (p.base + image) * per_image + element;
      let kept = is_kept(drop_words(number / 4, p.id)[number % 4], p.threshold);
      best = select(0.0, best * p.scale, kept);
      winner = select(NO_TAP, winner, kept);
    }
    packed |= (winner & field) << (8 * (element - first));
    y[image * per_image + element] = best;
  }
  if (p.taps == 1) { taps[i] = packed; }
}
`,
  'conv2d_max_pool/window': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the kernels share that compute a convolution and the maximum over windows of its results, which they never store.
struct Params {
  n: u32, h: u32, w: u32, cin: u32,       // x [n, h, w, cin]
  oh: u32, ow: u32, cout: u32,            // the convolution's result [n, oh, ow, cout], which exists nowhere
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
  ph: u32, pw: u32,                       // y [n, ph, pw, cout]
  window_h: u32, window_w: u32,           // of the pooling, as all below
  pool_stride_h: u32, pool_stride_w: u32,
  pool_pad_top: u32, pool_pad_left: u32,
  per_word: u32,                          // taps packed into one word: 4, or 1 where a window has more than 255
  words: u32,                             // words of taps an image, at least ph * pw * cout / per_word
  drop: u32,                              // 1: y is dropped at random, and keeps no tap where it is
  base: u32, id: u32,                     // number of the first image, which dropout of the network
  threshold: u32, scale: f32,             // rate * 2^24, 1 / (1 - rate)
  bias: u32, relu: u32,                   // 1: fused behind the sum, before the maximum
  taps: u32,                              // 1: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last tap of window o, along one axis, that lie inside the convolution's result.
fn taps_inside(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - start, min(start + window, size + pad) - start);
}
// Comparisons with NaN may be compiled away under fast-math rules; its bits may not.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn are_nan(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// Which elements a dropout keeps: a pure function of (seed, step, id, element), so that no mask is stored. Needs philox
// and step.
const DOMAIN: u32 = 0x64726f70;   // "drop": keeps these draws apart from others with the same id

// The draws of elements 4 quad to 4 quad + 3 of dropout \`id\`.
fn drop_words(quad: u32, id: u32) -> vec4u {
  return philox4x32(vec4u(quad, step.step, id, DOMAIN), vec2u(step.seed, 0));
}

// threshold: rate * 2^24. An element is kept when the upper 24 bits of its word reach it.
fn is_kept(word: u32, threshold: u32) -> bool { return (word >> 8) >= threshold; }
fn are_kept(words: vec4u, threshold: u32) -> vec4<bool> { return (words >> vec4u(8)) >= vec4u(threshold); }
// plain.wgsl with a whole window of the pooling in registers: one thread computes the WH x WW results of the convolution
// that a window covers, for four neighbouring channels, and keeps their maxima. For each tap and input channel it loads
// one vec4 of weights and WH WW inputs for 4 WH WW multiply-adds, and writes one vec4 and one word of taps.
// Neighbouring threads are neighbouring channels: they share the inputs and read weights side by side.
// Dispatch ceil(n * words / 64), folded.
// Needs cout a multiple of 4, and windows that do not reach beyond the convolution's result.
// Good for GPUs where there are few input channels: a first layer is bound by what it writes, and this writes 1 / (WH WW)
// of it. With many, tiles in workgroup memory and a pooling behind them load less.
// use: grid, conv_pool, nan, step, philox, dropout
const WH: u32 = 2;   // the pooling's window
const WW: u32 = 2;
const TAPS: bool = true;   // p.taps: without them there is less to keep in mind
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, cin]
@group(0) @binding(3) var<storage, read> kernel: array<vec4f>;     // [kh, kw, cin, cout / 4]
@group(0) @binding(4) var<storage, read> bias: array<f32>;         // [cout]; any buffer without bias
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;    // [n, ph, pw, cout / 4]
@group(0) @binding(6) var<storage, read_write> taps: array<u32>;   // [n, words]: word (py * pw + px) * cout / 4 + c of 4 channels; any buffer without p.taps

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.words) { return; }
  let c4 = p.cout / 4;
  let element = i % p.words;
  // Words behind the last window, up to where the next image starts.
  if (element >= p.ph * p.pw * c4) {
    if (TAPS) { taps[i] = 0u; }
    return;
  }
  let c = element % c4;
  let image = i / p.words * p.h;
  let top = i32(element / (c4 * p.pw) * p.pool_stride_h * p.stride_h) - p.pad_top;
  let left = i32(element / c4 % p.pw * p.pool_stride_w * p.stride_w) - p.pad_left;

  var sums: array<vec4f, WH * WW>;
  for (var ky = 0u; ky < p.kh; ky++) {
    for (var kx = 0u; kx < p.kw; kx++) {
      var starts: array<u32, WH * WW>;
      var inside: array<bool, WH * WW>;
      for (var t = 0u; t < WH * WW; t++) {
        let sy = top + i32(t / WW * p.stride_h + ky * p.dilation_h);
        let sx = left + i32(t % WW * p.stride_w + kx * p.dilation_w);
        inside[t] = sy >= 0 && sy < i32(p.h) && sx >= 0 && sx < i32(p.w);
        starts[t] = select(0u, ((image + u32(sy)) * p.w + u32(sx)) * p.cin, inside[t]);
      }
      let weights = (ky * p.kw + kx) * p.cin * c4 + c;
      for (var ci = 0u; ci < p.cin; ci++) {
        let w = kernel[weights + ci * c4];
        for (var t = 0u; t < WH * WW; t++) { sums[t] += select(0.0, x[starts[t] + ci], inside[t]) * w; }
      }
    }
  }
  var offset = vec4f();
  if (p.bias == 1) { offset = vec4f(bias[4 * c], bias[4 * c + 1], bias[4 * c + 2], bias[4 * c + 3]); }
  var best = vec4f();
  var winner = vec4u();
  for (var t = 0u; t < WH * WW; t++) {
    var value = sums[t] + offset;
    // Not max(value, 0): that would turn a NaN into 0 and hide it.
    if (p.relu == 1) { value = select(value, vec4f(), value <= vec4f()); }
    let better = (value > best) | (are_nan(value) & !are_nan(best)) | vec4<bool>(t == 0);
    best = select(best, value, better);
    if (TAPS) { winner = select(winner, vec4u(t), better); }
  }
  let at = i / p.words * p.ph * p.pw * c4 + element;
  if (p.drop == 1) {
    // Four channels are one draw.
    let kept = are_kept(drop_words(p.base * p.ph * p.pw * c4 + at, p.id), p.threshold);
    best = select(vec4f(), best * p.scale, kept);
    winner = select(vec4u(255), winner, kept);
  }
  y[at] = best;
  if (TAPS) { taps[i] = winner.x | (winner.y << 8) | (winner.z << 16) | (winner.w << 24); }
}
`,
  'copy/copy': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// out[i] = x[i].  One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params { size: u32, each: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = x[i];
}
`,
  'dense/gradient': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the kernels for all gradients of a dense layer share: x [n, k], w [k, m], y and dy [n, m].
struct Params {
  n: u32, k: u32, m: u32,
  dx: u32, db: u32,       // 1: wanted
  mask: u32, scale: f32,  // 1: dy counts only where y is positive, there times the scale
  accumulate: u32,        // 1: add to what dw and db hold
}
// Gradients of a dense layer y = act(x w + b), all three in one dispatch, with dz what dy is before the activation:
//   dx[n, k] = sum_m dz[n, m] w[k, m];  dw[k, m] = sum_n x[n, k] dz[n, m];  db[m] = sum_n dz[n, m]
//   dz = mask ? (y <= 0 ? 0 : dy scale) : dy, for a ReLU and a dropout behind it (what was dropped is 0, too).
// The reference variant: one thread an element of dx, dw or db, in that order. Every shape, every device.
// Dispatch ceil((n k + k m + m) / 64), folded.
// use: grid, dense_gradient
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [n, k]
@group(0) @binding(2) var<storage, read> w: array<f32>;          // [k, m]
@group(0) @binding(3) var<storage, read> y: array<f32>;          // [n, m]; any buffer without mask
@group(0) @binding(4) var<storage, read> dy: array<f32>;         // [n, m]
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;   // [n, k]
@group(0) @binding(6) var<storage, read_write> dw: array<f32>;   // [k, m]
@group(0) @binding(7) var<storage, read_write> db: array<f32>;   // [m]

fn dz(at: u32) -> f32 {
  if (p.mask == 0) { return dy[at]; }
  return select(dy[at] * p.scale, 0.0, y[at] <= 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  var i = flat_thread(gid, groups, 64);
  let of_x = p.dx * p.n * p.k;
  if (i < of_x) {
    let row = i / p.k;
    let column = i % p.k;
    var sum = 0.0;
    for (var t = 0u; t < p.m; t++) { sum += dz(row * p.m + t) * w[column * p.m + t]; }
    dx[i] = sum;
    return;
  }
  i -= of_x;
  if (i < p.k * p.m) {
    let row = i / p.m;
    let column = i % p.m;
    var sum = 0.0;
    for (var t = 0u; t < p.n; t++) { sum += x[t * p.k + row] * dz(t * p.m + column); }
    if (p.accumulate == 1) { sum += dw[i]; }
    dw[i] = sum;
    return;
  }
  i -= p.k * p.m;
  if (i < p.db * p.m) {
    var sum = 0.0;
    for (var t = 0u; t < p.n; t++) { sum += dz(t * p.m + i); }
    if (p.accumulate == 1) { sum += db[i]; }
    db[i] = sum;
  }
}
`,
  'dense/gradient_tile': `// What the kernels for all gradients of a dense layer share: x [n, k], w [k, m], y and dy [n, m].
struct Params {
  n: u32, k: u32, m: u32,
  dx: u32, db: u32,       // 1: wanted
  mask: u32, scale: f32,  // 1: dy counts only where y is positive, there times the scale
  accumulate: u32,        // 1: add to what dw and db hold
}
// gradient.wgsl through workgroup memory: a workgroup computes a tile of 32 x 32 of dx, or of dw and with its first row
// of tiles of db. Which of the two is decided by its number, so that both products fill the device together.
// Either is sum_t A[row, t] B[column, t], with A = dz, B = w, t = m for dx and A = x^T, B = dz^T, t = n for dw. For BK
// values of t 64 threads load both tiles, neighbours along whichever axis is contiguous, and mask dy as they load; each
// then accumulates 4 x 4 results, for which it reads 8 values a t.
// Dispatch (1 tile a workgroup) dx * ceil(n/32) * ceil(k/32) + ceil(k/32) * ceil(m/32), folded.
// Good for GPUs and layers so small that starting a kernel costs as much as running it. instead: matmul and
// conv2d/kernel_grad, with larger tiles, for large ones.
// use: dense_gradient
const BK: u32 = 16;
const TILE: u32 = 32;
// One more than it has, so that transposing stores meet in fewer banks.
const PITCH: u32 = TILE + 1;
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [n, k]
@group(0) @binding(2) var<storage, read> w: array<f32>;          // [k, m]
@group(0) @binding(3) var<storage, read> y: array<f32>;          // [n, m]; any buffer without mask
@group(0) @binding(4) var<storage, read> dy: array<f32>;         // [n, m]
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;   // [n, k]
@group(0) @binding(6) var<storage, read_write> dw: array<f32>;   // [k, m]
@group(0) @binding(7) var<storage, read_write> db: array<f32>;   // [m]

var<workgroup> left: array<f32, BK * PITCH>;    // [t, row]
var<workgroup> right: array<f32, BK * PITCH>;   // [t, column]

fn dz(row: u32, column: u32, ok: bool) -> f32 {
  let at = select(0u, row * p.m + column, ok);
  var value = dy[at];
  if (p.mask == 1) { value = select(value * p.scale, 0.0, y[at] <= 0.0); }
  return select(0.0, value, ok);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let k_tiles = (p.k + TILE - 1) / TILE;
  let m_tiles = (p.m + TILE - 1) / TILE;
  let x_tiles = p.dx * ((p.n + TILE - 1) / TILE) * k_tiles;
  let tile = wid.x + wid.y * groups.x;
  if (tile >= x_tiles + k_tiles * m_tiles) { return; }  // the whole workgroup
  let for_x = tile < x_tiles;
  let number = select(tile - x_tiles, tile, for_x);
  let across = select(m_tiles, k_tiles, for_x);
  let row0 = number / across * TILE;
  let column0 = number % across * TILE;
  let rows = select(p.k, p.n, for_x);
  let columns = select(p.m, p.k, for_x);
  let length = select(p.n, p.m, for_x);
  let with_bias = !for_x && row0 == 0 && p.db == 1;

  let tx = thread % 8;
  let ty = thread / 8;
  var sums: array<vec4f, 4>;   // rows ty + 8 i, columns tx + 8 j
  var bias = 0.0;
  let turns = (length + BK - 1) / BK;
  for (var turn = 0u; turn < turns; turn++) {
    for (var i = thread; i < BK * TILE; i += 64u) {
      let t = select(i / TILE, i % BK, for_x);
      let at = select(i % TILE, i / BK, for_x);
      let step = turn * BK + t;
      let ok_row = step < length && row0 + at < rows;
      let ok_column = step < length && column0 + at < columns;
      if (for_x) {
        left[t * PITCH + at] = dz(row0 + at, step, ok_row);
        right[t * PITCH + at] = select(0.0, w[select(0u, (column0 + at) * p.m + step, ok_column)], ok_column);
      } else {
        left[t * PITCH + at] = select(0.0, x[select(0u, step * p.k + row0 + at, ok_row)], ok_row);
        right[t * PITCH + at] = dz(step, column0 + at, ok_column);
      }
    }
    workgroupBarrier();
    for (var t = 0u; t < BK; t++) {
      let start = t * PITCH;
      let b = vec4f(right[start + tx], right[start + tx + 8], right[start + tx + 16], right[start + tx + 24]);
      for (var i = 0u; i < 4; i++) { sums[i] += left[start + ty + 8 * i] * b; }
    }
    if (with_bias && thread < TILE) {
      for (var t = 0u; t < BK; t++) { bias += right[t * PITCH + thread]; }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < 4; i++) {
    let row = row0 + ty + 8 * i;
    for (var j = 0u; j < 4; j++) {
      let column = column0 + tx + 8 * j;
      if (row >= rows || column >= columns) { continue; }
      let at = row * columns + column;
      if (for_x) {
        dx[at] = sums[i][j];
      } else {
        dw[at] = sums[i][j] + select(0.0, dw[at], p.accumulate == 1);
      }
    }
  }
  if (with_bias && thread < TILE && column0 + thread < p.m) {
    db[column0 + thread] = bias + select(0.0, db[column0 + thread], p.accumulate == 1);
  }
}
`,
  'dropout/plain': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// Which elements a dropout keeps: a pure function of (seed, step, id, element), so that no mask is stored. Needs philox
// and step.
const DOMAIN: u32 = 0x64726f70;   // "drop": keeps these draws apart from others with the same id

// The draws of elements 4 quad to 4 quad + 3 of dropout \`id\`.
fn drop_words(quad: u32, id: u32) -> vec4u {
  return philox4x32(vec4u(quad, step.step, id, DOMAIN), vec2u(step.seed, 0));
}

// threshold: rate * 2^24. An element is kept when the upper 24 bits of its word reach it.
fn is_kept(word: u32, threshold: u32) -> bool { return (word >> 8) >= threshold; }
fn are_kept(words: vec4u, threshold: u32) -> vec4<bool> { return (words >> vec4u(8)) >= vec4u(threshold); }
// out[i] = keep(i) ? x[i] / (1 - rate) : 0, keep(i) with probability 1 - rate.
// The mask is not stored: it is a pure function of (seed, step, id, i), so the backward draws it again. One Philox call
// gives the words of four neighbouring elements, so one thread takes four; dispatch ceil(size / 256), folded.
// Any shape, any device; bound by memory on a GPU (250 integer operations for 32 bytes).
// use: grid, step, philox, dropout
struct Params {
  size: u32,
  base: u32,        // number of the first element; a multiple of 4
  id: u32,          // which dropout of the network
  threshold: u32,   // rate * 2^24: an element is kept when the upper 24 bits of its word reach it
  scale: f32,       // 1 / (1 - rate)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;           // [size]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = 4 * flat_thread(gid, groups, 64);
  if (first >= p.size) { return; }
  let words = drop_words((p.base + first) / 4, p.id);
  for (var k = 0u; k < 4; k++) {
    let i = first + k;
    if (i < p.size) { out[i] = select(0.0, x[i] * p.scale, is_kept(words[k], p.threshold)); }
  }
}
`,
  'fill/fill': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// out[i] = value.  One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params { size: u32, each: u32, value: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;  // [size]

fn element(i: u32) {
  out[i] = p.value;
}
`,
  'gather_batch/plain': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// batch[b, i] = (images[indices[b], i] - mean[c]) * scale[c], images stored as bytes, c = i % channels; and the labels.
// The reference variant: one thread a value, one load of the word that holds its byte. Any image size.
// A data set larger than a binding comes in slices: each dispatch writes the rows whose image lies in its slice.
// Dispatch ceil(batch * size / 64), folded.
// use: grid
struct Params {
  images: u32,   // images in this slice
  base: u32,     // number of its first image
  total: u32,    // images in all: an index from there on gives NaN
  size: u32,     // values of an image
  batch: u32,
  channels: u32, // 1 to 4; 1 also when all channels share mean and scale
  labels: u32,   // 1: labels are wanted
  nan: u32,      // bits of a NaN
  mean: vec4f,
  scale: vec4f,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;               // [images, size] bytes, 4 a word
@group(0) @binding(2) var<storage, read> labels: array<u32>;               // [images] bytes, 4 a word
@group(0) @binding(3) var<storage, read> indices: array<u32>;              // [batch]
@group(0) @binding(4) var<storage, read_write> batch: array<f32>;          // [batch, size]
@group(0) @binding(5) var<storage, read_write> batch_labels: array<u32>;   // [batch]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.batch * p.size) { return; }
  let row = i / p.size;
  let index = indices[row];
  if (index >= p.total) {
    if (p.base == 0) { batch[i] = bitcast<f32>(p.nan); }
    if (p.base == 0 && p.labels == 1 && i == row * p.size) { batch_labels[row] = 0xffffffffu; }
    return;
  }
  let image = index - p.base;
  if (index < p.base || image >= p.images) { return; }
  let place = i % p.size;
  let c = place % p.channels;
  let at = image * p.size + place;
  let byte = (images[at / 4] >> (8 * (at % 4))) & 0xff;
  batch[i] = (f32(byte) - p.mean[c]) * p.scale[c];
  if (p.labels == 1 && place == 0) { batch_labels[row] = (labels[image / 4] >> (8 * (image % 4))) & 0xff; }
}
`,
  'gather_batch/words': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// batch[b, i] = (images[indices[b], i] - mean[c]) * scale[c], images stored as bytes, c = i % channels; and the labels.
// One thread takes a whole word, four bytes of one image: an index and a word are loaded once for four values.
// For images of a multiple of 4 values. Dispatch ceil(batch * size / 4 / 64), folded.
// use: grid
struct Params {
  images: u32,   // images in this slice
  base: u32,     // number of its first image
  total: u32,    // images in all: an index from there on gives NaN
  size: u32,     // values of an image
  batch: u32,
  channels: u32, // 1 to 4; 1 also when all channels share mean and scale
  labels: u32,   // 1: labels are wanted
  nan: u32,      // bits of a NaN
  mean: vec4f,
  scale: vec4f,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;               // [images, size] bytes, 4 a word
@group(0) @binding(2) var<storage, read> labels: array<u32>;               // [images] bytes, 4 a word
@group(0) @binding(3) var<storage, read> indices: array<u32>;              // [batch]
@group(0) @binding(4) var<storage, read_write> batch: array<vec4f>;        // [batch, size / 4]
@group(0) @binding(5) var<storage, read_write> batch_labels: array<u32>;   // [batch]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let words = p.size / 4;
  if (i >= p.batch * words) { return; }
  let row = i / words;
  let place = i % words;
  let index = indices[row];
  if (index >= p.total) {
    if (p.base == 0) { batch[i] = vec4f(bitcast<f32>(p.nan)); }
    if (p.base == 0 && p.labels == 1 && place == 0) { batch_labels[row] = 0xffffffffu; }
    return;
  }
  let image = index - p.base;
  if (index < p.base || image >= p.images) { return; }
  let bytes = vec4f(unpack4xU8(images[image * words + place]));
  var mean = vec4f(p.mean.x);
  var scale = vec4f(p.scale.x);
  if (p.channels > 1) {
    let c = (vec4u(4 * place) + vec4u(0, 1, 2, 3)) % p.channels;
    mean = vec4f(p.mean[c.x], p.mean[c.y], p.mean[c.z], p.mean[c.w]);
    scale = vec4f(p.scale[c.x], p.scale[c.y], p.scale[c.z], p.scale[c.w]);
  }
  batch[i] = (bytes - mean) * scale;
  if (p.labels == 1 && place == 0) { batch_labels[row] = (labels[image / 4] >> (8 * (image % 4))) & 0xff; }
}
`,
  'gather_rows/gather_rows': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// out[i, w] = table[indices[i], w]; NaN where an index lies outside of the table, so that the mistake is seen.
// One element of out at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params {
  size: u32, each: u32,   // count * width
  rows: u32, width: u32,
  nan_bits: u32,   // shaders cannot write a NaN
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;       // [rows, width]
@group(0) @binding(2) var<storage, read> indices: array<u32>;     // [count]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [count, width]

fn element(id: u32) {
  let i = id / p.width;
  let row = indices[i];
  let inside = row < p.rows;
  out[id] = select(bitcast<f32>(p.nan_bits), table[select(0u, row * p.width + id - i * p.width, inside)], inside);
}
`,
  'gather_rows/scatter_rows': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// out[r, w] = sum over the i with indices[i] = r of dy[i, w]: the gradient of gather_rows.
// One thread an element of out reads all indices in order: no atomics, always the same sum. The cost is rows * count
// index loads for each column, which neighbouring threads share: good for tables of up to some thousand rows.
// Dispatch ceil(rows * width / 64), folded.
// use: grid
struct Params {
  rows: u32, width: u32, count: u32,
  accumulate: u32,   // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> indices: array<u32>;     // [count]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [count, width]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [rows, width]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.rows * p.width) { return; }
  let row = id / p.width;
  let column = id - row * p.width;
  var sum = 0.0;
  for (var i = 0u; i < p.count; i++) {
    if (indices[i] == row) { sum += dy[i * p.width + column]; }
  }
  if (p.accumulate == 1) { sum += out[id]; }
  out[id] = sum;
}
`,
  'matmul/grad_strip': `enable subgroups;
// A^T B: the product that sums over the rows of both, as in the gradient of a dense layer's weights and bias.
//
//   dw[m,n] = sum_k A[k,m] * B[k,n]        db[n] = sum_k B[k,n]
//
// tile:  one workgroup = one subgroup of 8 lanes: 8*MV rows of the result x 32 columns (a vec4 a lane). For KU values of
//        k it loads 8*MV values of A, MV a lane, and one vec4 of B a lane, and broadcasts A's values one after another.
// dispatch: ceil(m/(8*MV)) * ceil(n/32) * shares workgroups, folded to 2-D; then, where shares > 1, conv2d/sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share. One share is enough unless m*n is so
//        small that cores run dry (128 x 10).
// needs: subgroups of SG lanes; n a multiple of 4.
// good for: software adapters.

const SG: u32 = 8;
const MV: u32 = 2;   // rows of the result a lane loads
const KU: u32 = 2;   // values of k a step

struct Params {
  m: u32, n: u32, k: u32,
  shares: u32,
  kPerShare: u32,    // ceil(k / shares)
  bias: u32,         // 1: db is wanted too
  accumulate: u32,   // 1: add to what dw and db hold; 0 where shares > 1
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;             // [k, m]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;           // [k, n / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;    // [shares, m, n / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;    // [shares, n / 4]

// Four neighbouring sums of the result, in the place of this share.
fn put(share: u32, at: u32, value: vec4f) {
  let o = (share * p.m * p.n + at) / 4;
  var v = value;
  if (p.accumulate != 0) { v += dw[o]; }
  dw[o] = v;
}

fn put_bias(share: u32, col: u32, value: vec4f) {
  let o = (share * p.n + col) / 4;
  var v = value;
  if (p.accumulate != 0) { v += db[o]; }
  db[o] = v;
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let mBlocks = (p.m + SG * MV - 1) / (SG * MV);
  let nBlocks = (p.n + SG * 4 - 1) / (SG * 4);
  let id = wid.x + wid.y * nwg.x;
  if (id >= mBlocks * nBlocks * p.shares) { return; }  // uniform
  let m0 = (id % mBlocks) * (SG * MV);
  let col = ((id / mBlocks) % nBlocks) * (SG * 4) + lane * 4;
  let share = id / (mBlocks * nBlocks);

  var acc: array<array<vec4f, SG>, MV>;
  var sum = vec4f();
  let end = min((share + 1) * p.kPerShare, p.k);
  for (var k0 = share * p.kPerShare; k0 < end; k0 += KU) {
    var bv: array<vec4f, KU>;
    for (var i = 0u; i < KU; i++) {
      let ok = col < p.n && k0 + i < end;
      bv[i] = select(vec4f(), b[select(0u, ((k0 + i) * p.n + col) / 4, ok)], ok);
      sum += bv[i];
    }
    for (var v = 0u; v < MV; v++) {
      let m = m0 + v * SG + lane;
      var av: array<f32, KU>;
      for (var i = 0u; i < KU; i++) {
        let ok = m < p.m && k0 + i < end;
        av[i] = select(0.0, a[select(0u, (k0 + i) * p.m + m, ok)], ok);
      }
      for (var u = 0u; u < SG; u++) {
        var s = acc[v][u];  // a local: the sum over the step's k stays in registers
        for (var i = 0u; i < KU; i++) { s += subgroupShuffle(av[i], u) * bv[i]; }
        acc[v][u] = s;
      }
    }
  }

  for (var v = 0u; v < MV; v++) {
    for (var u = 0u; u < SG; u++) {
      let m = m0 + v * SG + u;
      if (m < p.m && col < p.n) { put(share, m * p.n + col, acc[v][u]); }
    }
  }
  if (p.bias != 0 && m0 == 0 && col < p.n) { put_bias(share, col, sum); }
}
`,
  'matmul/grad_wide': `enable subgroups;
// A^T B: the product that sums over the rows of both, as in the gradient of a dense layer's weights and bias.
//
//   dw[m,n] = sum_k A[k,m] * B[k,n]        db[n] = sum_k B[k,n]
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 rows of the result (a vec4 of A a lane) x 64 columns (a vec4 a lane
//        of each half). A value of k takes three loads for 32 x 64 multiply-adds. The 64 vec4 sums live on the stack; Mesa
//        unrolls a loop only up to some 800 scalar operations: hence eight sets of sums, with a loop for each.
// dispatch: ceil(m/32) * ceil(n/64) * shares workgroups, folded to 2-D; then, where shares > 1 or the result is added to
//        what is there, conv2d/sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: subgroups of SG lanes; m and n multiples of 4.
// good for: software adapters; instead: grad_strip.wgsl for other m and for small results.

const SG: u32 = 8;

struct Params {
  m: u32, n: u32, k: u32,
  shares: u32,
  kPerShare: u32,    // ceil(k / shares)
  bias: u32,         // 1: db is wanted too
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;           // [k, m / 4]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;           // [k, n / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;    // [shares, m, n / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;    // [shares, n / 4]

alias Sums = array<vec4f, SG>;   // of one of the four rows of each lane

fn add(acc: ptr<function, Sums>, row: f32, columns: vec4f) {
  for (var u = 0u; u < SG; u++) { (*acc)[u] += subgroupShuffle(row, u) * columns; }
}

// Stores the sums of rows first, first + 4, ...
fn put(acc: ptr<function, Sums>, first: u32, share: u32, col: u32) {
  if (col >= p.n) { return; }
  // Mesa unrolls this loop. Rolled, it would compile in a third of the time, but the product would run slower.
  let rows = (max(p.m, first) - first + 3) / 4;
  for (var u = 0u; u < min(SG, rows); u++) { dw[((share * p.m + first + 4 * u) * p.n + col) / 4] = (*acc)[u]; }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let mBlocks = (p.m + SG * 4 - 1) / (SG * 4);
  let nBlocks = (p.n + SG * 8 - 1) / (SG * 8);
  let id = wid.x + wid.y * nwg.x;
  if (id >= mBlocks * nBlocks * p.shares) { return; }  // uniform
  let m0 = (id % mBlocks) * (SG * 4);
  let left = ((id / mBlocks) % nBlocks) * (SG * 8) + lane * 4;
  let right = left + SG * 4;
  let share = id / (mBlocks * nBlocks);
  let m = m0 + lane * 4;

  var left0: Sums;
  var left1: Sums;
  var left2: Sums;
  var left3: Sums;
  var right0: Sums;
  var right1: Sums;
  var right2: Sums;
  var right3: Sums;
  var leftSum = vec4f();
  var rightSum = vec4f();
  let end = min((share + 1) * p.kPerShare, p.k);
  for (var k = share * p.kPerShare; k < end; k++) {
    // Rows and columns past the end are not stored; they only must not be read.
    let rows = a[(k * p.m + min(m, p.m - 4)) / 4];
    let b0 = b[(k * p.n + min(left, p.n - 4)) / 4];
    let b1 = b[(k * p.n + min(right, p.n - 4)) / 4];
    leftSum += b0;
    rightSum += b1;
    add(&left0, rows.x, b0);
    add(&left1, rows.y, b0);
    add(&left2, rows.z, b0);
    add(&left3, rows.w, b0);
    add(&right0, rows.x, b1);
    add(&right1, rows.y, b1);
    add(&right2, rows.z, b1);
    add(&right3, rows.w, b1);
  }

  put(&left0, m0, share, left);
  put(&left1, m0 + 1, share, left);
  put(&left2, m0 + 2, share, left);
  put(&left3, m0 + 3, share, left);
  put(&right0, m0, share, right);
  put(&right1, m0 + 1, share, right);
  put(&right2, m0 + 2, share, right);
  put(&right3, m0 + 3, share, right);
  if (p.bias != 0 && m0 == 0) {
    if (left < p.n) { db[(share * p.n + left) / 4] = leftSum; }
    if (right < p.n) { db[(share * p.n + right) / 4] = rightSum; }
  }
}
`,
  'matmul/narrow': `enable subgroups;
// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]) for few columns, as the logits of a classifier have them. B optionally stored
// transposed.
// One workgroup = one subgroup of SG lanes, a lane owns a row of C, all N of its sums in registers. For four values of k
// a lane reads those of its row at once; the 4 N values of B are loaded one a lane and broadcast: 1 + ceil(4 N / SG) loads for 4 N
// multiply-adds a lane, in a single dispatch.
// Dispatch ceil(m / SG), folded.
// Needs subgroups of SG lanes, k a multiple of 4. Good for software adapters.
const SG: u32 = 8;
const N: u32 = 10;   // p.n
const LOADS: u32 = (4 * N + SG - 1) / SG;
struct Params {
  m: u32, n: u32, k: u32,
  b_row: u32, b_column: u32,    // from one k to the next, from one column to the next: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;         // [m, k / 4]
@group(0) @binding(2) var<storage, read> b: array<f32>;           // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;        // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;   // [m, n]

@compute @workgroup_size(SG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let row0 = (wid.x + wid.y * groups.x) * SG;
  if (row0 >= p.m) { return; }  // the whole subgroup
  // Lanes past the edge work on the last row; their results are not stored.
  let row = min(row0 + lane, p.m - 1);
  var sums: array<f32, N>;
  let quads = p.k / 4;
  for (var quad = 0u; quad < quads; quad++) {
    let k0 = quad * 4;
    let values = a[row * quads + quad];
    // Value i of the four rows of B is that of k0 + i / N, column i % N.
    var weights: array<f32, LOADS>;
    for (var t = 0u; t < LOADS; t++) {
      let i = min(t * SG + lane, 4 * N - 1);
      weights[t] = b[(k0 + i / N) * p.b_row + i % N * p.b_column];
    }
    for (var j = 0u; j < 4; j++) {
      for (var c = 0u; c < N; c++) {
        let i = j * N + c;
        sums[c] += values[j] * subgroupShuffle(weights[i / SG], i % SG);
      }
    }
  }
  if (row0 + lane >= p.m) { return; }
  for (var c = 0u; c < N; c++) {
    var sum = sums[c];
    if (p.bias == 1) { sum += bias[c]; }
    // Not max(sum, 0): that would turn a NaN into 0 and hide it.
    if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
    let at = row * N + c;
    if (p.accumulate == 1) { sum += out[at]; }
    out[at] = sum;
  }
}
`,
  'matmul/plain': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A and B optionally stored transposed.
// The reference variant: one thread an element of C, one multiply-add for two loads. Every shape, every device.
// Dispatch ceil(m * n / 64), folded.
// use: grid
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  b_column: u32, b_step: u32,   // the same for B: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // [m, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.m * p.n) { return; }
  let row = i / p.n;
  let column = i % p.n;
  var sum = 0.0;
  for (var k = 0u; k < p.k; k++) {
    sum += a[row * p.a_row + k * p.a_step] * b[column * p.b_column + k * p.b_step];
  }
  if (p.bias == 1) { sum += bias[column]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
  if (p.accumulate == 1) { sum += out[i]; }
  out[i] = sum;
}
`,
  'matmul/register_tile': `// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A and B optionally stored transposed.
// Each thread computes a TM x TN tile of C in registers: TM + TN loads for TM * TN multiply-adds, where the plain
// variant pays two loads for one. Rows and columns of a thread are interleaved with its neighbours', so that the
// threads of a subgroup load neighbouring addresses of B.
// Workgroup 8 x 8 threads = (8 TM) x (8 TN) of C; dispatch [ceil(n / (8 TN)), ceil(m / (8 TM))].
// Good for any shape on any device; on real GPUs the workgroup-memory tile is better.
const TM: u32 = 4;
const TN: u32 = 4;
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  b_column: u32, b_step: u32,   // the same for B: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // [m, n]

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
  let row0 = wid.y * 8 * TM + lid.y;
  let column0 = wid.x * 8 * TN + lid.x;
  var sums: array<array<f32, TN>, TM>;
  var rows: array<u32, TM>;
  var columns: array<u32, TN>;
  // Threads past the edge work on the last row or column; their results are not stored.
  for (var i = 0u; i < TM; i++) { rows[i] = min(row0 + 8 * i, p.m - 1) * p.a_row; }
  for (var j = 0u; j < TN; j++) { columns[j] = min(column0 + 8 * j, p.n - 1) * p.b_column; }
  for (var k = 0u; k < p.k; k++) {
    var values: array<f32, TN>;
    for (var j = 0u; j < TN; j++) { values[j] = b[columns[j] + k * p.b_step]; }
    for (var i = 0u; i < TM; i++) {
      let value = a[rows[i] + k * p.a_step];
      for (var j = 0u; j < TN; j++) { sums[i][j] += value * values[j]; }
    }
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 8 * i;
    for (var j = 0u; j < TN; j++) {
      let column = column0 + 8 * j;
      if (row < p.m && column < p.n) {
        var sum = sums[i][j];
        if (p.bias == 1) { sum += bias[column]; }
        // Not max(sum, 0): that would turn a NaN into 0 and hide it.
        if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
        let at = row * p.n + column;
        if (p.accumulate == 1) { sum += out[at]; }
        out[at] = sum;
      }
    }
  }
}
`,
  'matmul/strip': `enable subgroups;
// Matrix product with the right-hand matrix in a uniform buffer.
//
//   C[m,n] = act( bias[n] + sum_k A[m,k] * B[k,n] )
//
// B is repacked first (conv2d/repack_uniform.wgsl with kh = kw = 1): FLIP 0, red = K, out = N for A B; FLIP 1 for
// A B^T, where B is stored [N, K] (the input gradient of a dense layer: dX = dY W^T).
//
// tile:  one workgroup = one subgroup of 8 lanes: TM rows x 32 columns, a lane owns 4 neighbouring columns. For 8 values
//        of k a row of A is loaded one k a lane (one load instruction for 8 x 8 uses) and broadcast k after k.
// dispatch: ceil(m/TM) workgroups (folded to 2-D) for each block of 32 columns and each slice of k that fits 64 KiB
//        (8 * 8 * kBlocks vec4s, at most 4096). Slices after the first set \`accumulate\`, only the last bias and relu.
// needs: subgroups of SG lanes.
// good for: software adapters. instead: grad_strip.wgsl for A^T B; a register tile on GPUs.

const SG: u32 = 8;
const TM: u32 = 16;        // rows a tile
const WSIZE: u32 = 4096;   // vec4s bound: always all 64 KiB, so that pipelines stay few

struct Params {
  m: u32, n: u32, k: u32,
  k0: u32,          // first k of this slice
  kBlocks: u32,     // its length / SG, rounded up
  n0: u32,          // first column of this block
  accumulate: u32,  // 1: add to what c holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<uniform> b: array<vec4f, WSIZE>;       // [kBlocks * SG, lane] x 4 columns
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> c: array<f32>;    // [m, n]

// one value of C: column col at address at
fn put(at: u32, col: u32, sum: f32) {
  if (col >= p.n) { return; }
  var v = sum;
  if (p.accumulate != 0) { v += c[at]; }
  if (p.bias != 0) { v += bias[col]; }
  if (p.relu != 0) { v = select(v, 0.0, v <= 0.0); }
  c[at] = v;
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let m0 = (wid.x + wid.y * nwg.x) * TM;
  if (m0 >= p.m) { return; }  // the whole subgroup returns: uniform
  var acc: array<vec4f, TM>;
  for (var block = 0u; block < p.kBlocks; block++) {
    let k = p.k0 + block * SG + lane;
    var rows: array<f32, TM>;
    for (var r = 0u; r < TM; r++) {
      let ok = k < p.k && m0 + r < p.m;
      rows[r] = select(0.0, a[select(0u, (m0 + r) * p.k + k, ok)], ok);
    }
    for (var u = 0u; u < SG; u++) {
      let bv = b[(block * SG + u) * SG + lane];
      for (var r = 0u; r < TM; r++) { acc[r] += subgroupShuffle(rows[r], u) * bv; }
    }
  }
  let col = p.n0 + lane * 4;
  // Another array, which may be indexed by a variable, for a loop that stays rolled, since it counts from m0: stores written
  // out take seconds to compile.
  var sums: array<vec4f, TM>;
  for (var r = 0u; r < TM; r++) { sums[r] = acc[r] + vec4f(); }
  for (var row = m0; row < min(m0 + TM, p.m); row++) {
    let o = row * p.n + col;
    let sum = sums[row - m0];
    put(o, col, sum.x);
    put(o + 1, col + 1, sum.y);
    put(o + 2, col + 2, sum.z);
    put(o + 3, col + 3, sum.w);
  }
}
`,
  'matmul/strip_pair': `enable subgroups;
// Matrix product with the right-hand matrix in a pair of uniform buffers, four values of k for each lane.
//
//   C[m,n] = act( bias[n] + sum_k A[m,k] * B[k,n] )
//
// B is repacked first (conv2d/repack_uniform.wgsl with kh = kw = 1): FLIP 0, red = K, out = N for A B; FLIP 1 for
// A B^T, where B is stored [N, K] (the input gradient of a dense layer: dX = dY W^T).
//
// tile:  one workgroup = one subgroup of 8 lanes: 16 rows x 2 blocks of 32 columns, of which a lane owns 4 neighbouring
//        ones. For 32 values of k a row of A is loaded as one vec4 a lane and broadcast k after k: a value serves 64
//        columns, a value of B (vec4 from a uniform buffer, the cheapest load lavapipe has) 16 rows. A sum takes two
//        products before it goes back to the stack; with four, the text outgrows the processor's caches.
// dispatch: ceil(m/16) * blocks workgroups (folded to 2-D) for each pair of windows of 64 KiB on the packed B. A window shows
//        as many blocks of 32 columns as it holds whole, or one slice of k of one block (512 values). Slices after the
//        first set \`accumulate\`, only the last bias and relu.
// needs: subgroups of SG lanes; k and n multiples of 4.
// good for: software adapters. instead: strip.wgsl for other k and n; grad_strip.wgsl for A^T B; a register tile on GPUs.

const SG: u32 = 8;
const TM: u32 = 16;        // rows a tile
const WSIZE: u32 = 4096;   // vec4s bound: always all 64 KiB, so that pipelines stay few

struct Params {
  m: u32, n: u32, k: u32,
  k0: u32,          // first k of this slice
  kBlocks: u32,     // its length / (4 * SG), rounded up
  n0: u32,          // first column of the left window
  blocks: u32,      // blocks of 4 * SG columns in each window; the right one goes on where the left one ends
  blockStride: u32, // vec4s from block to block
  accumulate: u32,  // 1: add to what c holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;           // [m, k / 4]
@group(0) @binding(2) var<uniform> left: array<vec4f, WSIZE>;       // [blocks, kBlocks * 4 * SG, lane] x 4 columns
@group(0) @binding(3) var<uniform> right: array<vec4f, WSIZE>;      // the same; any window when it lies behind column n
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;        // [n / 4]; any buffer when p.bias = 0
@group(0) @binding(5) var<storage, read_write> c: array<vec4f>;     // [m, n / 4]

alias Rows = array<vec4f, TM>;

// Adds the products of two of lane u's four values of k of each row: the first two, or the last two.
fn add(acc: ptr<function, Rows>, rows: ptr<function, Rows>, u: u32, last: bool, b0: vec4f, b1: vec4f) {
  for (var r = 0u; r < TM; r++) {
    let pair = select((*rows)[r].xy, (*rows)[r].zw, last);
    (*acc)[r] = (*acc)[r] + subgroupShuffle(pair.x, u) * b0 + subgroupShuffle(pair.y, u) * b1;
  }
}

fn put(acc: ptr<function, Rows>, m0: u32, col: u32) {
  if (col >= p.n) { return; }
  let shift = select(vec4f(), bias[select(0u, col / 4, p.bias != 0)], p.bias != 0);
  // Another array, which may be indexed by a variable, for a loop that stays rolled, since it counts from m0: the driver
  // takes long to compile loads and stores, and \`acc\` would no longer be in registers.
  var sums: Rows;
  for (var r = 0u; r < TM; r++) { sums[r] = (*acc)[r] + shift; }
  for (var row = m0; row < min(m0 + TM, p.m); row++) {
    let o = (row * p.n + col) / 4;
    var v = sums[row - m0];
    if (p.accumulate != 0) { v += c[o]; }
    if (p.relu != 0) { v = select(v, vec4f(), v <= vec4f()); }
    c[o] = v;
  }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let tiles = (p.m + TM - 1) / TM;
  let id = wid.x + wid.y * nwg.x;
  if (id >= tiles * p.blocks) { return; }  // the whole subgroup returns: uniform
  let m0 = (id % tiles) * TM;
  let block = id / tiles;
  var accLeft: Rows;
  var accRight: Rows;
  let end = min(m0 + TM, p.m);
  var rows: Rows;  // past the end anything: those sums are not stored
  for (var kb = 0u; kb < p.kBlocks; kb++) {
    let k = p.k0 + (kb * SG + lane) * 4;
    // Counted from m0, which no compiler knows, the loop stays rolled: 16 loads written out take seconds to compile.
    for (var row = m0; row < end; row++) {
      rows[row - m0] = select(vec4f(), a[select(0u, (row * p.k + k) / 4, k < p.k)], k < p.k);
    }
    var at = block * p.blockStride + kb * SG * 4 * SG + lane;
    for (var u = 0u; u < SG; u++) {
      add(&accLeft, &rows, u, false, left[at], left[at + SG]);
      add(&accLeft, &rows, u, true, left[at + 2 * SG], left[at + 3 * SG]);
      add(&accRight, &rows, u, false, right[at], right[at + SG]);
      add(&accRight, &rows, u, true, right[at + 2 * SG], right[at + 3 * SG]);
      at += 4 * SG;
    }
  }
  let col = p.n0 + (block * SG + lane) * 4;
  put(&accLeft, m0, col);
  put(&accRight, m0, col + p.blocks * SG * 4);
}
`,
  'matmul/subgroup': `enable subgroups;
// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A optionally stored transposed.
// One workgroup = one subgroup of SG lanes: TM rows x 4 SG columns, a lane owns a quad of columns. For SG values of k the
// TM rows of A are loaded one k a lane and broadcast k after k; B's rows are read as they lie, side by side. No workgroup
// memory and no barriers: SG + TM loads and SG TM broadcasts for 4 SG TM multiply-adds a lane.
// Dispatch ceil(m / TM) * ceil(n / (4 SG)), folded.
// Needs subgroups of SG lanes, n a multiple of 4, B not transposed.
// Good for GPUs on which workgroup memory is slow or barriers are dear; elsewhere tiles broadcast less for a multiply-add.
const SG: u32 = 32;
const TM: u32 = 8;   // rows a tile
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;            // [m, k]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;          // [k, n / 4]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;       // [n / 4]
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;  // [m, n / 4]

// A[row0 .. row0 + TM, k], 0 past the edges.
fn load_rows(row0: u32, k: u32) -> array<f32, TM> {
  var rows: array<f32, TM>;
  for (var r = 0u; r < TM; r++) {
    let ok = row0 + r < p.m && k < p.k;
    rows[r] = select(0.0, a[select(0u, (row0 + r) * p.a_row + k * p.a_step, ok)], ok);
  }
  return rows;
}

@compute @workgroup_size(SG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let quads = p.n / 4;
  let column_tiles = (quads + SG - 1) / SG;
  let tile = wid.x + wid.y * groups.x;
  let row0 = tile / column_tiles * TM;
  let quad = tile % column_tiles * SG + lane;
  if (row0 >= p.m) { return; }  // the whole subgroup

  // Lanes past the edge work on the last quad; their results are not stored.
  let column = min(quad, quads - 1);
  var sums: array<vec4f, TM>;
  let whole = p.k / SG;
  for (var turn = 0u; turn < whole; turn++) {
    let k0 = turn * SG;
    let rows = load_rows(row0, k0 + lane);
    // A constant number of turns: drivers unroll them, and a broadcast from a lane that is known costs much less.
    for (var u = 0u; u < SG; u++) {
      let values = b[(k0 + u) * quads + column];
      for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rows[r], u) * values; }
    }
  }
  let k0 = whole * SG;
  let rest = load_rows(row0, k0 + lane);
  for (var u = 0u; u < p.k - k0; u++) {
    let values = b[(k0 + u) * quads + column];
    for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rest[r], u) * values; }
  }
  for (var r = 0u; r < TM; r++) {
    if (row0 + r < p.m && quad < quads) {
      var sum = sums[r];
      if (p.bias == 1) { sum += bias[quad]; }
      // Not max(sum, 0): that would turn a NaN into 0 and hide it.
      if (p.relu == 1) { sum = select(sum, vec4f(), sum <= vec4f()); }
      let at = (row0 + r) * quads + quad;
      if (p.accumulate == 1) { sum += out[at]; }
      out[at] = sum;
    }
  }
}
`,
  'matmul/subgroup_transposed': `enable subgroups;
// C[m, n] = act(sum_k A[m, k] * B[n, k] + bias[n]), A optionally stored transposed: subgroup.wgsl for a B stored transposed,
// as the kernel of a dense layer is for its dX.
// One workgroup = one subgroup of SG lanes: TM rows x 4 SG columns, a lane owns a quad of columns. For SG values of k the
// TM rows of A are loaded one k a lane and broadcast k after k; of each of its columns a lane reads four values of k at
// once, as they lie. TM + SG loads and SG TM broadcasts for 4 SG TM multiply-adds a lane, and nothing is repacked: with few rows a copy
// of B costs more than C.
// Dispatch ceil(m / TM) * ceil(n / (4 SG)), folded.
// Needs subgroups of SG lanes, n and k multiples of 4. Good for software adapters and few rows; instead: strip_pair.wgsl for
// many. On a GPU the lanes' columns lie too far apart to be read together.
const SG: u32 = 8;
const TM: u32 = 8;   // rows a tile
struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  bias: u32, relu: u32,         // 1: fused behind the product
  accumulate: u32,              // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;            // [m, k]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;          // [n, k / 4]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;       // [n / 4]
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;  // [m, n / 4]

// A[row0 .. row0 + TM, k], 0 past the edges.
fn load_rows(row0: u32, k: u32) -> array<f32, TM> {
  var rows: array<f32, TM>;
  for (var r = 0u; r < TM; r++) {
    let ok = row0 + r < p.m && k < p.k;
    rows[r] = select(0.0, a[select(0u, (row0 + r) * p.a_row + k * p.a_step, ok)], ok);
  }
  return rows;
}

// B[column .. column + 4, 4 quad .. 4 quad + 4], a vec4 of columns for each k.
fn load_columns(column: u32, quad: u32) -> mat4x4f {
  let at = column * (p.k / 4) + quad;
  return transpose(mat4x4f(b[at], b[at + p.k / 4], b[at + 2 * (p.k / 4)], b[at + 3 * (p.k / 4)]));
}

@compute @workgroup_size(SG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let quads = p.n / 4;
  let column_tiles = (quads + SG - 1) / SG;
  let tile = wid.x + wid.y * groups.x;
  let row0 = tile / column_tiles * TM;
  let quad = tile % column_tiles * SG + lane;
  if (row0 >= p.m) { return; }  // the whole subgroup

  // Lanes past the edge work on the last quad; their results are not stored.
  let column = min(quad, quads - 1) * 4;
  var sums: array<vec4f, TM>;
  let whole = p.k / SG;
  for (var turn = 0u; turn < whole; turn++) {
    let k0 = turn * SG;
    let rows = load_rows(row0, k0 + lane);
    for (var u = 0u; u < SG / 4; u++) {
      let columns = load_columns(column, k0 / 4 + u);
      for (var j = 0u; j < 4; j++) {
        for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rows[r], 4 * u + j) * columns[j]; }
      }
    }
  }
  let k0 = whole * SG;
  let rest = load_rows(row0, k0 + lane);
  for (var u = 0u; u < (p.k - k0) / 4; u++) {
    let columns = load_columns(column, k0 / 4 + u);
    for (var j = 0u; j < 4; j++) {
      for (var r = 0u; r < TM; r++) { sums[r] += subgroupShuffle(rest[r], 4 * u + j) * columns[j]; }
    }
  }
  for (var r = 0u; r < TM; r++) {
    if (row0 + r < p.m && quad < quads) {
      var sum = sums[r];
      if (p.bias == 1) { sum += bias[quad]; }
      // Not max(sum, 0): that would turn a NaN into 0 and hide it.
      if (p.relu == 1) { sum = select(sum, vec4f(), sum <= vec4f()); }
      let at = (row0 + r) * quads + quad;
      if (p.accumulate == 1) { sum += out[at]; }
      out[at] = sum;
    }
  }
}
`,
  'matmul/sum_shares': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Second pass of a product whose k was split: adds the sums of all shares in the order of the shares, and what is fused.
//   C[i] = act(sum_s shares[s, i] + bias[i mod n]) (+ C[i])
// One thread a value; dispatch ceil(m * n / 64), folded.
// use: grid
struct Params {
  size: u32,         // m * n
  n: u32,
  shares: u32,
  bias: u32, relu: u32,
  accumulate: u32,   // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;       // [shares, m, n]
@group(0) @binding(2) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;  // [m, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  var sum = 0.0;
  for (var share = 0u; share < p.shares; share++) { sum += sums[share * p.size + i]; }
  if (p.bias == 1) { sum += bias[i % p.n]; }
  // Not max(sum, 0): that would turn a NaN into 0 and hide it.
  if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
  if (p.accumulate == 1) { sum += out[i]; }
  out[i] = sum;
}
`,
  'matmul/workgroup_tile': `// The body of the matrix products through workgroup memory. Who uses it says in which numbers the tiles are kept
// (\`alias Quad\`) and how large they are (TM, TQ, TX, TY, BK).
const ROWS: u32 = TM * TY;
const COLUMNS: u32 = 4 * TQ * TX;
const THREADS: u32 = TX * TY;
// Quads from one k of a tile to the next: one more than it has, so that the transposing stores of neighbouring k meet in
// fewer banks.
const LEFT: u32 = ROWS / 4 + 1;
const RIGHT: u32 = COLUMNS / 4 + 1;

struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  b_column: u32, b_step: u32,   // the same for B: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product; 0 where there are several shares
  accumulate: u32,              // 1: add to what is there; 0 where there are several shares
  shares: u32,                  // k is split into so many sums
  per_share: u32,               // values of k in a share, a multiple of BK
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // [shares, m, n]
@group(0) @binding(5) var<storage, read> a4: array<vec4f>;       // a once more, by quads
@group(0) @binding(6) var<storage, read> b4: array<vec4f>;       // b once more, by quads

var<workgroup> left: array<Quad, BK * LEFT>;     // [k, row / 4]
var<workgroup> right: array<Quad, BK * RIGHT>;   // [k, column / 4]

fn a_quad(at: u32, ok: bool) -> vec4f { return select(vec4f(), a4[select(0u, at / 4, ok)], ok); }
fn b_quad(at: u32, ok: bool) -> vec4f { return select(vec4f(), b4[select(0u, at / 4, ok)], ok); }
fn a_value(row: u32, k: u32, end: u32) -> f32 {
  let ok = row < p.m && k < end;
  return select(0.0, a[select(0u, row * p.a_row + k * p.a_step, ok)], ok);
}
fn b_value(column: u32, k: u32, end: u32) -> f32 {
  let ok = column < p.n && k < end;
  return select(0.0, b[select(0u, column * p.b_column + k * p.b_step, ok)], ok);
}
fn a_values(row: u32, k: u32, end: u32) -> vec4f {
  return vec4f(a_value(row, k, end), a_value(row + 1, k, end), a_value(row + 2, k, end), a_value(row + 3, k, end));
}
fn b_values(column: u32, k: u32, end: u32) -> vec4f {
  return vec4f(
    b_value(column, k, end), b_value(column + 1, k, end), b_value(column + 2, k, end), b_value(column + 3, k, end));
}

// Four rows at four values of k, a vec4 of rows for each k; 0 past the edges.
fn a_block(row: u32, k: u32, end: u32) -> mat4x4f {
  if (!QUADS) {
    return mat4x4f(a_values(row, k, end), a_values(row, k + 1, end), a_values(row, k + 2, end), a_values(row, k + 3, end));
  }
  if (p.a_step == 1) {
    let at = row * p.a_row + k;
    return transpose(mat4x4f(
      a_quad(at, k < end && row < p.m), a_quad(at + p.a_row, k < end && row + 1 < p.m),
      a_quad(at + 2 * p.a_row, k < end && row + 2 < p.m), a_quad(at + 3 * p.a_row, k < end && row + 3 < p.m)));
  }
  let at = row + k * p.a_step;
  return mat4x4f(
    a_quad(at, row < p.m && k < end), a_quad(at + p.a_step, row < p.m && k + 1 < end),
    a_quad(at + 2 * p.a_step, row < p.m && k + 2 < end), a_quad(at + 3 * p.a_step, row < p.m && k + 3 < end));
}

// The same for four columns of B.
fn b_block(column: u32, k: u32, end: u32) -> mat4x4f {
  if (!QUADS) {
    return mat4x4f(
      b_values(column, k, end), b_values(column, k + 1, end), b_values(column, k + 2, end), b_values(column, k + 3, end));
  }
  if (p.b_step == 1) {
    let at = column * p.b_column + k;
    return transpose(mat4x4f(
      b_quad(at, k < end && column < p.n), b_quad(at + p.b_column, k < end && column + 1 < p.n),
      b_quad(at + 2 * p.b_column, k < end && column + 2 < p.n), b_quad(at + 3 * p.b_column, k < end && column + 3 < p.n)));
  }
  let at = column + k * p.b_step;
  return mat4x4f(
    b_quad(at, column < p.n && k < end), b_quad(at + p.b_step, column < p.n && k + 1 < end),
    b_quad(at + 2 * p.b_step, column < p.n && k + 2 < end), b_quad(at + 3 * p.b_step, column < p.n && k + 3 < end));
}

fn put(share: u32, row: u32, column: u32, sums: vec4f) {
  for (var j = 0u; j < 4; j++) {
    if (row < p.m && column + j < p.n) {
      var sum = sums[j];
      if (p.bias == 1) { sum += bias[column + j]; }
      // Not max(sum, 0): that would turn a NaN into 0 and hide it.
      if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
      let at = (share * p.m + row) * p.n + column + j;
      if (p.accumulate == 1) { sum += out[at]; }
      out[at] = sum;
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column_tiles = (p.n + COLUMNS - 1) / COLUMNS;
  let row_tiles = (p.m + ROWS - 1) / ROWS;
  let tile = wid.x + wid.y * groups.x;
  let share = tile / (column_tiles * row_tiles);
  if (share >= p.shares) { return; }  // the whole workgroup
  let row0 = tile / column_tiles % row_tiles * ROWS;
  let column0 = tile % column_tiles * COLUMNS;
  let tx = thread % TX;
  let ty = thread / TX;

  var sums: array<vec4f, TM * TQ>;
  let first = share * p.per_share;
  let end = min(first + p.per_share, p.k);
  let turns = (end - first + BK - 1) / BK;
  for (var turn = 0u; turn < turns; turn++) {
    let k0 = first + turn * BK;
    // Neighbouring threads load along whichever axis is contiguous.
    for (var block = thread; block < ROWS * BK / 16; block += THREADS) {
      let along_k = p.a_step == 1;
      let k = 4 * select(block / (ROWS / 4), block % (BK / 4), along_k);
      let quad = select(block % (ROWS / 4), block / (BK / 4), along_k);
      let values = a_block(row0 + 4 * quad, k0 + k, end);
      left[k * LEFT + quad] = Quad(values[0]);
      left[(k + 1) * LEFT + quad] = Quad(values[1]);
      left[(k + 2) * LEFT + quad] = Quad(values[2]);
      left[(k + 3) * LEFT + quad] = Quad(values[3]);
    }
    for (var block = thread; block < COLUMNS * BK / 16; block += THREADS) {
      let along_k = p.b_step == 1;
      let k = 4 * select(block / (COLUMNS / 4), block % (BK / 4), along_k);
      let quad = select(block % (COLUMNS / 4), block / (BK / 4), along_k);
      let values = b_block(column0 + 4 * quad, k0 + k, end);
      right[k * RIGHT + quad] = Quad(values[0]);
      right[(k + 1) * RIGHT + quad] = Quad(values[1]);
      right[(k + 2) * RIGHT + quad] = Quad(values[2]);
      right[(k + 3) * RIGHT + quad] = Quad(values[3]);
    }
    workgroupBarrier();
    for (var k = 0u; k < BK; k++) {
      var b_quads: array<vec4f, TQ>;
      for (var j = 0u; j < TQ; j++) { b_quads[j] = vec4f(right[k * RIGHT + tx + TX * j]); }
      for (var i = 0u; i < TM / 4; i++) {
        let values = vec4f(left[k * LEFT + ty + TY * i]);
        for (var j = 0u; j < TQ; j++) {
          sums[(4 * i) * TQ + j] += values.x * b_quads[j];
          sums[(4 * i + 1) * TQ + j] += values.y * b_quads[j];
          sums[(4 * i + 2) * TQ + j] += values.z * b_quads[j];
          sums[(4 * i + 3) * TQ + j] += values.w * b_quads[j];
        }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 4 * (ty + TY * (i / 4)) + i % 4;
    for (var j = 0u; j < TQ; j++) { put(share, row, column0 + 4 * (tx + TX * j), sums[i * TQ + j]); }
  }
}
// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A and B optionally stored transposed.
// TX * TY threads compute (TM TY) rows x (4 TQ TX) columns. For BK values of k they load both matrices' tiles into
// workgroup memory, every value once, by blocks of 4 k x 4 rows or columns: four vec4 loads a thread, transposed in
// registers where k is the contiguous axis, so that both tiles end up k after k. Then each thread reads TM / 4 + TQ
// vec4s a k for 4 TM TQ multiply-adds: at 8 x 8 a thread 16 for each vec4 read.
// Where the result has few tiles and k is long, k is split into shares: C is scratch then, one matrix a share, and
// sum_shares.wgsl adds them up in order.
// Dispatch tiles of columns x tiles of rows x shares, folded. Workgroup memory: 4 BK (rows + columns + 8) bytes.
// Needs m k and k n of at least 4. Quads are loaded where the contiguous axes of A and B are both multiples of 4, else
// scalars.
// Good for real GPUs. A software adapter keeps workgroup memory in RAM and splits the shader at barriers: it loses there.
// use: matmul_tile
const TM: u32 = 8;            // rows a thread: 4 or 8
const TQ: u32 = 2;            // quads of columns a thread
const TX: u32 = 8;            // threads along the columns
const TY: u32 = 8;            // threads along the rows
const BK: u32 = 16;           // values of k a turn
const QUADS: bool = true;
alias Quad = vec4f;
`,
  'matmul/workgroup_tile_f16': `enable f16;
// The body of the matrix products through workgroup memory. Who uses it says in which numbers the tiles are kept
// (\`alias Quad\`) and how large they are (TM, TQ, TX, TY, BK).
const ROWS: u32 = TM * TY;
const COLUMNS: u32 = 4 * TQ * TX;
const THREADS: u32 = TX * TY;
// Quads from one k of a tile to the next: one more than it has, so that the transposing stores of neighbouring k meet in
// fewer banks.
const LEFT: u32 = ROWS / 4 + 1;
const RIGHT: u32 = COLUMNS / 4 + 1;

struct Params {
  m: u32, n: u32, k: u32,
  a_row: u32, a_step: u32,      // from one row of A to the next, from one k to the next: [m, k] or stored [k, m]
  b_column: u32, b_step: u32,   // the same for B: [k, n] or stored [n, k]
  bias: u32, relu: u32,         // 1: fused behind the product; 0 where there are several shares
  accumulate: u32,              // 1: add to what is there; 0 where there are several shares
  shares: u32,                  // k is split into so many sums
  per_share: u32,               // values of k in a share, a multiple of BK
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // [shares, m, n]
@group(0) @binding(5) var<storage, read> a4: array<vec4f>;       // a once more, by quads
@group(0) @binding(6) var<storage, read> b4: array<vec4f>;       // b once more, by quads

var<workgroup> left: array<Quad, BK * LEFT>;     // [k, row / 4]
var<workgroup> right: array<Quad, BK * RIGHT>;   // [k, column / 4]

fn a_quad(at: u32, ok: bool) -> vec4f { return select(vec4f(), a4[select(0u, at / 4, ok)], ok); }
fn b_quad(at: u32, ok: bool) -> vec4f { return select(vec4f(), b4[select(0u, at / 4, ok)], ok); }
fn a_value(row: u32, k: u32, end: u32) -> f32 {
  let ok = row < p.m && k < end;
  return select(0.0, a[select(0u, row * p.a_row + k * p.a_step, ok)], ok);
}
fn b_value(column: u32, k: u32, end: u32) -> f32 {
  let ok = column < p.n && k < end;
  return select(0.0, b[select(0u, column * p.b_column + k * p.b_step, ok)], ok);
}
fn a_values(row: u32, k: u32, end: u32) -> vec4f {
  return vec4f(a_value(row, k, end), a_value(row + 1, k, end), a_value(row + 2, k, end), a_value(row + 3, k, end));
}
fn b_values(column: u32, k: u32, end: u32) -> vec4f {
  return vec4f(
    b_value(column, k, end), b_value(column + 1, k, end), b_value(column + 2, k, end), b_value(column + 3, k, end));
}

// Four rows at four values of k, a vec4 of rows for each k; 0 past the edges.
fn a_block(row: u32, k: u32, end: u32) -> mat4x4f {
  if (!QUADS) {
    return mat4x4f(a_values(row, k, end), a_values(row, k + 1, end), a_values(row, k + 2, end), a_values(row, k + 3, end));
  }
  if (p.a_step == 1) {
    let at = row * p.a_row + k;
    return transpose(mat4x4f(
      a_quad(at, k < end && row < p.m), a_quad(at + p.a_row, k < end && row + 1 < p.m),
      a_quad(at + 2 * p.a_row, k < end && row + 2 < p.m), a_quad(at + 3 * p.a_row, k < end && row + 3 < p.m)));
  }
  let at = row + k * p.a_step;
  return mat4x4f(
    a_quad(at, row < p.m && k < end), a_quad(at + p.a_step, row < p.m && k + 1 < end),
    a_quad(at + 2 * p.a_step, row < p.m && k + 2 < end), a_quad(at + 3 * p.a_step, row < p.m && k + 3 < end));
}

// The same for four columns of B.
fn b_block(column: u32, k: u32, end: u32) -> mat4x4f {
  if (!QUADS) {
    return mat4x4f(
      b_values(column, k, end), b_values(column, k + 1, end), b_values(column, k + 2, end), b_values(column, k + 3, end));
  }
  if (p.b_step == 1) {
    let at = column * p.b_column + k;
    return transpose(mat4x4f(
      b_quad(at, k < end && column < p.n), b_quad(at + p.b_column, k < end && column + 1 < p.n),
      b_quad(at + 2 * p.b_column, k < end && column + 2 < p.n), b_quad(at + 3 * p.b_column, k < end && column + 3 < p.n)));
  }
  let at = column + k * p.b_step;
  return mat4x4f(
    b_quad(at, column < p.n && k < end), b_quad(at + p.b_step, column < p.n && k + 1 < end),
    b_quad(at + 2 * p.b_step, column < p.n && k + 2 < end), b_quad(at + 3 * p.b_step, column < p.n && k + 3 < end));
}

fn put(share: u32, row: u32, column: u32, sums: vec4f) {
  for (var j = 0u; j < 4; j++) {
    if (row < p.m && column + j < p.n) {
      var sum = sums[j];
      if (p.bias == 1) { sum += bias[column + j]; }
      // Not max(sum, 0): that would turn a NaN into 0 and hide it.
      if (p.relu == 1) { sum = select(sum, 0.0, sum <= 0.0); }
      let at = (share * p.m + row) * p.n + column + j;
      if (p.accumulate == 1) { sum += out[at]; }
      out[at] = sum;
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column_tiles = (p.n + COLUMNS - 1) / COLUMNS;
  let row_tiles = (p.m + ROWS - 1) / ROWS;
  let tile = wid.x + wid.y * groups.x;
  let share = tile / (column_tiles * row_tiles);
  if (share >= p.shares) { return; }  // the whole workgroup
  let row0 = tile / column_tiles % row_tiles * ROWS;
  let column0 = tile % column_tiles * COLUMNS;
  let tx = thread % TX;
  let ty = thread / TX;

  var sums: array<vec4f, TM * TQ>;
  let first = share * p.per_share;
  let end = min(first + p.per_share, p.k);
  let turns = (end - first + BK - 1) / BK;
  for (var turn = 0u; turn < turns; turn++) {
    let k0 = first + turn * BK;
    // Neighbouring threads load along whichever axis is contiguous.
    for (var block = thread; block < ROWS * BK / 16; block += THREADS) {
      let along_k = p.a_step == 1;
      let k = 4 * select(block / (ROWS / 4), block % (BK / 4), along_k);
      let quad = select(block % (ROWS / 4), block / (BK / 4), along_k);
      let values = a_block(row0 + 4 * quad, k0 + k, end);
      left[k * LEFT + quad] = Quad(values[0]);
      left[(k + 1) * LEFT + quad] = Quad(values[1]);
      left[(k + 2) * LEFT + quad] = Quad(values[2]);
      left[(k + 3) * LEFT + quad] = Quad(values[3]);
    }
    for (var block = thread; block < COLUMNS * BK / 16; block += THREADS) {
      let along_k = p.b_step == 1;
      let k = 4 * select(block / (COLUMNS / 4), block % (BK / 4), along_k);
      let quad = select(block % (COLUMNS / 4), block / (BK / 4), along_k);
      let values = b_block(column0 + 4 * quad, k0 + k, end);
      right[k * RIGHT + quad] = Quad(values[0]);
      right[(k + 1) * RIGHT + quad] = Quad(values[1]);
      right[(k + 2) * RIGHT + quad] = Quad(values[2]);
      right[(k + 3) * RIGHT + quad] = Quad(values[3]);
    }
    workgroupBarrier();
    for (var k = 0u; k < BK; k++) {
      var b_quads: array<vec4f, TQ>;
      for (var j = 0u; j < TQ; j++) { b_quads[j] = vec4f(right[k * RIGHT + tx + TX * j]); }
      for (var i = 0u; i < TM / 4; i++) {
        let values = vec4f(left[k * LEFT + ty + TY * i]);
        for (var j = 0u; j < TQ; j++) {
          sums[(4 * i) * TQ + j] += values.x * b_quads[j];
          sums[(4 * i + 1) * TQ + j] += values.y * b_quads[j];
          sums[(4 * i + 2) * TQ + j] += values.z * b_quads[j];
          sums[(4 * i + 3) * TQ + j] += values.w * b_quads[j];
        }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < TM; i++) {
    let row = row0 + 4 * (ty + TY * (i / 4)) + i % 4;
    for (var j = 0u; j < TQ; j++) { put(share, row, column0 + 4 * (tx + TX * j), sums[i * TQ + j]); }
  }
}
// workgroup_tile.wgsl with tiles of half the width: A and B are rounded to f16 as they are stored into workgroup memory,
// products and sums are f32. Half the workgroup memory and half its traffic, so more workgroups fit a core.
// Dispatch and needs as there; workgroup memory: 2 BK (rows + columns + 8) bytes.
// Values beyond 65504 become infinite, those below 6e-8 zero: for forward products, whose operands are of the size of
// activations and weights. Gradients would vanish.
// Good for GPUs that widen f16 operands for nothing.
// use: matmul_tile
const TM: u32 = 8;            // rows a thread: 4 or 8
const TQ: u32 = 2;            // quads of columns a thread
const TX: u32 = 8;            // threads along the columns
const TY: u32 = 8;            // threads along the rows
const BK: u32 = 16;           // values of k a turn
const QUADS: bool = true;
alias Quad = vec4<f16>;
`,
  'metrics/add': `// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// Adds one step to the totals that stay on the device. Losses go to slot (steps done) % SLOTS, so that a sum of many steps
// does not lose digits: the host adds the slots up in float64. Who uses it binds
//   losses: array<f32>   // [SLOTS] sums of loss * rows
//   counts: array<u32>   // [4] correct, rows, steps, 1 if a loss was not finite
const SLOTS: u32 = 512;

fn add_to_totals(loss: f32, correct: f32, rows: u32) {
  losses[counts[2] % SLOTS] += loss * f32(rows);
  counts[0] += u32(correct);
  counts[1] += rows;
  counts[2] += 1;
  // On the bits: comparisons with NaN are compiled away on some drivers.
  if ((bitcast<u32>(loss) & 0x7f800000u) == 0x7f800000u) { counts[3] = 1; }
}
// Adds one step to the totals that stay on the device (shaders/lib/totals.wgsl). One thread; dispatch 1.
// use: step, batch, totals
struct Params { batch: u32, correct: u32 }   // rows of a batch; 1: a count of right rows is given
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> loss: array<f32>;           // [1] mean over the valid rows
@group(0) @binding(3) var<storage, read> correct: array<f32>;        // [1]
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;   // [SLOTS]
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;   // [4]

@compute @workgroup_size(1)
fn main() {
  var right = 0.0;
  if (p.correct == 1) { right = correct[0]; }
  add_to_totals(loss[0], right, valid_rows(step.rows, p.batch));
}
`,
  'micro_batch/add_gradient': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// sum[i] += rows * gradient[i]: the mean gradient of a micro-batch as the sum over its pictures, added to those before it.
// rows are the real pictures of the micro-batch (step.rows; 0: all p.batch of them), so that a padded last one counts for
// what it holds.  One thread an element; dispatch ceil(size / 64), folded.
// use: grid, step
struct Params { size: u32, batch: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;    // [size]
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;   // [size]
@group(0) @binding(3) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let rows = f32(select(step.rows, p.batch, step.rows == 0));
  if (i < p.size) { sum[i] = sum[i] + rows * gradient[i]; }
}
`,
  'micro_batch/take_mean': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// gradient[i] = sum[i] / rows;  sum[i] = 0: the mean over all micro-batches, and the sum made ready for the next step.
// rows are the real pictures of the whole batch (step.rows; 0: all p.batch of them).
// One thread an element; dispatch ceil(size / 64), folded.
// use: grid, step
struct Params { size: u32, batch: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;        // [size]
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;   // [size]
@group(0) @binding(3) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  let rows = f32(select(step.rows, p.batch, step.rows == 0));
  gradient[i] = sum[i] / rows;
  sum[i] = 0.0;
}
`,
  'mse/gradient': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// da = dy * 2 (a - b) / (valid rows * width) in the valid rows of the batch, 0 in its padding.
// One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, step, batch
struct Params {
  size: u32, each: u32,   // rows * width
  width: u32,
  base: u32,    // number of the first row in the batch (slices)
  total: u32,   // rows of the batch
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> a: array<f32>;           // [rows, width]
@group(0) @binding(3) var<storage, read> b: array<f32>;           // [rows, width]
@group(0) @binding(4) var<storage, read> dy: array<f32>;          // [1]
@group(0) @binding(5) var<storage, read_write> out: array<f32>;   // [rows, width]

fn element(i: u32) {
  let valid = valid_rows(step.rows, p.total);
  let gradient = dy[0] * 2.0 * (a[i] - b[i]) / f32(valid * p.width);
  out[i] = select(0.0, gradient, p.base + i / p.width < valid);
}
`,
  'mse/partial': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// partial[t] = sum of (a - b)^2 / (valid rows * width) over every parts-th element of the valid rows, from t on.
// reduce/sum.wgsl adds up the partial sums in order. One thread a partial sum; dispatch ceil(parts / 64), folded.
// use: grid, step, batch
struct Params {
  rows: u32, width: u32,
  base: u32,    // number of the first row in the batch (slices)
  total: u32,   // rows of the batch
  parts: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> a: array<f32>;               // [rows, width]
@group(0) @binding(3) var<storage, read> b: array<f32>;               // [rows, width]
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;   // [parts]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_thread(gid, groups, 64);
  if (t >= p.parts) { return; }
  let valid = valid_rows(step.rows, p.total);
  let end = min(max(valid, p.base) - p.base, p.rows) * p.width;
  var sum = 0.0;
  for (var i = t; i < end; i += p.parts) {
    let difference = a[i] - b[i];
    sum += difference * difference;
  }
  partial[t] = sum / f32(valid * p.width);
}
`,
  'optimizer/adam': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// What the update kernels share. Parameters live in one flat buffer, in blocks of 64 elements; a thread takes a vec4.

// Learning-rate scale and weight-decay factor of the block that vec4 number i lies in, from the segment table.
fn block_of(i: u32) -> u32 { return i / 16; }

// NaN or infinite, tested on the bits: comparisons with NaN are compiled away on some drivers.
fn not_finite(x: vec4f) -> bool {
  return any((bitcast<vec4u>(x) & vec4u(0x7f800000u)) == vec4u(0x7f800000u));
}

// What gradients are multiplied by so that their global norm is at most max_norm (0: no clipping).
fn clip_factor(max_norm: f32, squared_norm: f32) -> f32 {
  if (max_norm == 0.0) { return 1.0; }
  let norm = sqrt(squared_norm);
  return select(1.0, max_norm / norm, norm > max_norm);
}
// Adam for all parameters at once (Kingma and Ba, 2015; AMSGrad: Reddi et al., 2018; decoupled decay: Loshchilov and
// Hutter, 2019), with Keras's epsilon outside the root:
//   m += (1 - beta1) (g - m);  v += (1 - beta2) (g^2 - v);  vmax = max(vmax, v)
//   w -= rate * decay * w;     w -= rate sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
// One thread a vec4; a block whose learning-rate scale is 0 is frozen: nothing of it is read further or written.
// Dispatch ceil(blocks * 16 / 64), folded. Bound by memory.
// use: grid, step, optimizer
struct Params {
  vectors: u32,       // blocks * 16
  amsgrad: u32,
  one_minus_beta1: f32, one_minus_beta2: f32,
  epsilon: f32,
  log_beta1: f32, log_beta2: f32,   // natural logarithms, by the host: WGSL's are too coarse near 1
  decay: f32,         // weight decay
  max_norm: f32,      // clip the global norm of the gradients; 0: do not
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;          // [blocks, 64]
@group(0) @binding(3) var<storage, read> segments: array<vec2f>;           // [blocks] learning-rate scale, decay factor
@group(0) @binding(4) var<storage, read> squared_norm: array<f32>;         // [1]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;   // [blocks, 64]
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;            // [blocks, 64]
@group(0) @binding(7) var<storage, read_write> v: array<vec4f>;            // [blocks, 64]
@group(0) @binding(8) var<storage, read_write> vmax: array<vec4f>;         // [blocks, 64], AMSGrad only
@group(0) @binding(9) var<storage, read_write> flag: array<u32>;           // [1] 1: a gradient was not finite

// 1 - exp(x) for x <= 0. Near 0 the difference would cancel, so there it is summed: -(x + x^2/2 + x^3/6 + ...).
fn one_minus_exp(x: f32) -> f32 {
  if (x < -0.5) { return 1.0 - exp(x); }
  var tail = 1.0;
  for (var k = 9u; k > 1; k--) { tail = 1.0 + x / f32(k) * tail; }
  return -x * tail;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.vectors) { return; }
  let segment = segments[block_of(i)];
  if (segment.x == 0.0) { return; }
  var g = gradients[i];
  // Every thread that stores here stores the same 1.
  if (not_finite(g)) { flag[0] = 1; }
  if (p.max_norm > 0.0) { g *= clip_factor(p.max_norm, squared_norm[0]); }

  let t = f32(step.step);
  let rate = step.learning_rate * segment.x;
  let corrected = rate * sqrt(one_minus_exp(t * p.log_beta2)) / one_minus_exp(t * p.log_beta1);
  let m_new = m[i] + p.one_minus_beta1 * (g - m[i]);
  let v_new = v[i] + p.one_minus_beta2 * (g * g - v[i]);
  m[i] = m_new;
  v[i] = v_new;
  var second = v_new;
  if (p.amsgrad == 1) {
    second = max(vmax[i], v_new);
    vmax[i] = second;
  }
  let w = parameters[i];
  parameters[i] = w - rate * p.decay * segment.y * w - corrected * m_new / (sqrt(second) + p.epsilon);
}
`,
  'optimizer/average': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Exponential moving average: average += (1 - decay) (x - average).  One thread a vec4 of the flat buffers; dispatch
// ceil(blocks * 16 / 64), folded.
// use: grid
struct Params { vectors: u32, rate: f32 }   // blocks * 16; 1 - decay
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;               // [blocks, 64]
@group(0) @binding(2) var<storage, read_write> average: array<vec4f>;   // [blocks, 64]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i < p.vectors) { average[i] += p.rate * (x[i] - average[i]); }
}
`,
  'optimizer/norm_parts': `// What the update kernels share. Parameters live in one flat buffer, in blocks of 64 elements; a thread takes a vec4.

// Learning-rate scale and weight-decay factor of the block that vec4 number i lies in, from the segment table.
fn block_of(i: u32) -> u32 { return i / 16; }

// NaN or infinite, tested on the bits: comparisons with NaN are compiled away on some drivers.
fn not_finite(x: vec4f) -> bool {
  return any((bitcast<vec4u>(x) & vec4u(0x7f800000u)) == vec4u(0x7f800000u));
}

// What gradients are multiplied by so that their global norm is at most max_norm (0: no clipping).
fn clip_factor(max_norm: f32, squared_norm: f32) -> f32 {
  if (max_norm == 0.0) { return 1.0; }
  let norm = sqrt(squared_norm);
  return select(1.0, max_norm / norm, norm > max_norm);
}
// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
// Sum of the squares of the gradients that are not frozen, first pass: each of \`parts\` workgroups takes every parts-th
// run of 256 vec4, and leaves its sum in \`partial\`. Which thread adds what is fixed, so the bits are too.
// Dispatch parts. The second pass is optimizer/norm_sum.
// use: optimizer, workgroup_sum
struct Params { vectors: u32, parts: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;        // [blocks, 64]
@group(0) @binding(2) var<storage, read> segments: array<vec2f>;         // [blocks] learning-rate scale, decay factor
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;      // [parts]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) thread: u32) {
  var share = 0.0;
  for (var i = wid.x * 256 + thread; i < p.vectors; i += 256 * p.parts) {
    let g = gradients[i];
    if (segments[block_of(i)].x != 0.0) { share += dot(g, g); }
  }
  let total = workgroup_sum(vec2f(share, 0.0), thread);
  if (thread == 0) { partial[wid.x] = total.x; }
}
`,
  'optimizer/norm_sum': `// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
// Adds up the partial sums of optimizer/norm_parts, by one workgroup in a fixed order. Dispatch 1.
// use: workgroup_sum
struct Params { parts: u32, accumulate: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;              // [parts]
@group(0) @binding(2) var<storage, read_write> squared_norm: array<f32>;   // [1]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var share = 0.0;
  for (var i = thread; i < p.parts; i += 256) { share += partial[i]; }
  var total = workgroup_sum(vec2f(share, 0.0), thread).x;
  if (thread == 0) {
    if (p.accumulate == 1) { total += squared_norm[0]; }
    squared_norm[0] = total;
  }
}
`,
  'optimizer/rmsprop': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// What the update kernels share. Parameters live in one flat buffer, in blocks of 64 elements; a thread takes a vec4.

// Learning-rate scale and weight-decay factor of the block that vec4 number i lies in, from the segment table.
fn block_of(i: u32) -> u32 { return i / 16; }

// NaN or infinite, tested on the bits: comparisons with NaN are compiled away on some drivers.
fn not_finite(x: vec4f) -> bool {
  return any((bitcast<vec4u>(x) & vec4u(0x7f800000u)) == vec4u(0x7f800000u));
}

// What gradients are multiplied by so that their global norm is at most max_norm (0: no clipping).
fn clip_factor(max_norm: f32, squared_norm: f32) -> f32 {
  if (max_norm == 0.0) { return 1.0; }
  let norm = sqrt(squared_norm);
  return select(1.0, max_norm / norm, norm > max_norm);
}
// RMSprop for all parameters at once (Hinton's lecture 6e), as Keras has it, epsilon inside the root:
//   w -= rate * decay * w
//   v += (1 - rho) (g^2 - v);  c = rate g / sqrt(v + epsilon);  with momentum: b = momentum b + c, w -= b;  else w -= c
// One thread a vec4; a block whose learning-rate scale is 0 is frozen. Dispatch ceil(blocks * 16 / 64), folded.
// use: grid, step, optimizer
struct Params {
  vectors: u32,         // blocks * 16
  one_minus_rho: f32,
  epsilon: f32,
  momentum: f32,        // 0: none is kept
  decay: f32,           // weight decay
  max_norm: f32,        // clip the global norm of the gradients; 0: do not
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;          // [blocks, 64]
@group(0) @binding(3) var<storage, read> segments: array<vec2f>;           // [blocks] learning-rate scale, decay factor
@group(0) @binding(4) var<storage, read> squared_norm: array<f32>;         // [1]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;   // [blocks, 64]
@group(0) @binding(6) var<storage, read_write> v: array<vec4f>;            // [blocks, 64]
@group(0) @binding(7) var<storage, read_write> buffer: array<vec4f>;       // [blocks, 64], with momentum only
@group(0) @binding(8) var<storage, read_write> flag: array<u32>;           // [1] 1: a gradient was not finite

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.vectors) { return; }
  let segment = segments[block_of(i)];
  if (segment.x == 0.0) { return; }
  var g = gradients[i];
  // Every thread that stores here stores the same 1.
  if (not_finite(g)) { flag[0] = 1; }
  if (p.max_norm > 0.0) { g *= clip_factor(p.max_norm, squared_norm[0]); }

  let rate = step.learning_rate * segment.x;
  let v_new = v[i] + p.one_minus_rho * (g * g - v[i]);
  v[i] = v_new;
  var change = rate * g / sqrt(v_new + p.epsilon);
  if (p.momentum > 0.0) {
    change += p.momentum * buffer[i];
    buffer[i] = change;
  }
  let w = parameters[i];
  parameters[i] = w - rate * p.decay * segment.y * w - change;
}
`,
  'optimizer/sgd': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// What the update kernels share. Parameters live in one flat buffer, in blocks of 64 elements; a thread takes a vec4.

// Learning-rate scale and weight-decay factor of the block that vec4 number i lies in, from the segment table.
fn block_of(i: u32) -> u32 { return i / 16; }

// NaN or infinite, tested on the bits: comparisons with NaN are compiled away on some drivers.
fn not_finite(x: vec4f) -> bool {
  return any((bitcast<vec4u>(x) & vec4u(0x7f800000u)) == vec4u(0x7f800000u));
}

// What gradients are multiplied by so that their global norm is at most max_norm (0: no clipping).
fn clip_factor(max_norm: f32, squared_norm: f32) -> f32 {
  if (max_norm == 0.0) { return 1.0; }
  let norm = sqrt(squared_norm);
  return select(1.0, max_norm / norm, norm > max_norm);
}
// Stochastic gradient descent for all parameters at once, with momentum and Nesterov's look-ahead as Keras has them:
//   w -= rate * decay * w
//   without momentum: w -= rate g;   with: v = momentum v - rate g, w += v, or w += momentum v - rate g (Nesterov)
// One thread a vec4; a block whose learning-rate scale is 0 is frozen. Dispatch ceil(blocks * 16 / 64), folded.
// use: grid, step, optimizer
struct Params {
  vectors: u32,    // blocks * 16
  nesterov: u32,
  momentum: f32,   // 0: no velocity is kept
  decay: f32,      // weight decay
  max_norm: f32,   // clip the global norm of the gradients; 0: do not
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;          // [blocks, 64]
@group(0) @binding(3) var<storage, read> segments: array<vec2f>;           // [blocks] learning-rate scale, decay factor
@group(0) @binding(4) var<storage, read> squared_norm: array<f32>;         // [1]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;   // [blocks, 64]
@group(0) @binding(6) var<storage, read_write> velocity: array<vec4f>;     // [blocks, 64]
@group(0) @binding(7) var<storage, read_write> flag: array<u32>;           // [1] 1: a gradient was not finite

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.vectors) { return; }
  let segment = segments[block_of(i)];
  if (segment.x == 0.0) { return; }
  var g = gradients[i];
  // Every thread that stores here stores the same 1.
  if (not_finite(g)) { flag[0] = 1; }
  if (p.max_norm > 0.0) { g *= clip_factor(p.max_norm, squared_norm[0]); }

  let rate = step.learning_rate * segment.x;
  var change = -rate * g;
  if (p.momentum > 0.0) {
    let v = p.momentum * velocity[i] - rate * g;
    velocity[i] = v;
    if (p.nesterov == 1) { change += p.momentum * v; } else { change = v; }
  }
  let w = parameters[i];
  parameters[i] = w - rate * p.decay * segment.y * w + change;
}
`,
  'pad/pad': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// out = x with \`value\` around it: along each axis \`before\` elements in front, and the rest behind.
// One element of out at a time (at most 6 axes after neighbours are merged); dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params {
  size: u32, each: u32,
  rank: u32,
  value: f32,
  axes: array<vec4u, 6>,   // innermost first: (extent of out, before, extent of x, step in x)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  var rest = i;
  var at = 0u;
  var inside = true;
  for (var k = 0u; k < p.rank; k++) {
    let axis = p.axes[k];
    let outer = rest / axis.x;
    // In front of x the difference wraps around and is larger than any extent.
    let coordinate = rest - outer * axis.x - axis.y;
    inside = inside && coordinate < axis.z;
    at += coordinate * axis.w;
    rest = outer;
  }
  out[i] = select(p.value, x[select(0u, at, inside)], inside);
}
`,
  'philox/words': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// out[i] = word i of the random stream (seed, step, id): word i % 4 of Philox at counter (i / 4, step, id, 0).
// One thread four words; dispatch ceil(size / 256), folded.
// use: grid, step, philox
struct Params {
  size: u32,
  base: u32,   // number of the first word; a multiple of 4
  id: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = 4 * flat_thread(gid, groups, 64);
  if (first >= p.size) { return; }
  let words = philox4x32(vec4u((p.base + first) / 4, step.step, p.id, 0), vec2u(step.seed, 0));
  for (var k = 0u; k < 4; k++) {
    if (first + k < p.size) { out[first + k] = words[k]; }
  }
}
`,
  'place/place': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// out[o, start + i] = x[o, i]: writes a block of columns and leaves the others (concatenation).
// One element of x at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params {
  size: u32, each: u32,
  width: u32,
  out_width: u32, start: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [rows, width]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [rows, out_width]

fn element(i: u32) {
  let row = i / p.width;
  out[row * p.out_width + p.start + i - row * p.width] = x[i];
}
`,
  'pool/average': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the pooling kernels share: windows over the picture, and which windows a pixel lies in.
struct Params {
  n: u32, h: u32, w: u32, c: u32,   // x [n, h, w, c]
  oh: u32, ow: u32,                 // y [n, oh, ow, c]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32,
  per_word: u32,                    // taps packed into one word: 4, or 1 where a window has more than 256
  words: u32,                       // words of taps an image, at least oh * ow * c / per_word
  drop: u32,                        // 1: y is dropped at random, and keeps no tap where it is; only max pooling does
  base: u32, id: u32,               // number of the first image, which dropout of the network
  threshold: u32, scale: f32,       // rate * 2^24, 1 / (1 - rate)
  mask: u32,                        // 1, in gradients: dy counts only where y is positive
  taps: u32,                        // 1, in max pooling: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last window o, along one axis, whose taps reach the padded position t.
fn windows_at(t: u32, window: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0u, (t - window) / stride + 1, t >= window);
  return vec2u(first, min(t / stride + 1, count));
}

// First and one past the last pixel of window o, along one axis, that lie inside the picture.
fn pixels_of(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + window - min(pad, start + window), size));
}
// y[n, oy, ox, c] = mean of the pixels of its window that lie inside the picture (padding does not count).
// One thread a result; dispatch ceil(n * oh * ow * c / 64), folded.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [n, h, w, c]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;     // [n, oh, ow, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.oh * p.ow * p.c) { return; }
  let c = i % p.c;
  let ox = i / p.c % p.ow;
  let oy = i / (p.c * p.ow) % p.oh;
  let image = i / (p.c * p.ow * p.oh);
  let rows = pixels_of(oy, p.kh, p.stride_h, p.pad_top, p.h);
  let columns = pixels_of(ox, p.kw, p.stride_w, p.pad_left, p.w);
  var sum = 0.0;
  for (var iy = rows.x; iy < rows.y; iy++) {
    for (var ix = columns.x; ix < columns.y; ix++) { sum += x[((image * p.h + iy) * p.w + ix) * p.c + c]; }
  }
  y[i] = sum / f32((rows.y - rows.x) * (columns.y - columns.x));
}
`,
  'pool/average_grad': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the pooling kernels share: windows over the picture, and which windows a pixel lies in.
struct Params {
  n: u32, h: u32, w: u32, c: u32,   // x [n, h, w, c]
  oh: u32, ow: u32,                 // y [n, oh, ow, c]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32,
  per_word: u32,                    // taps packed into one word: 4, or 1 where a window has more than 256
  words: u32,                       // words of taps an image, at least oh * ow * c / per_word
  drop: u32,                        // 1: y is dropped at random, and keeps no tap where it is; only max pooling does
  base: u32, id: u32,               // number of the first image, which dropout of the network
  threshold: u32, scale: f32,       // rate * 2^24, 1 / (1 - rate)
  mask: u32,                        // 1, in gradients: dy counts only where y is positive
  taps: u32,                        // 1, in max pooling: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last window o, along one axis, whose taps reach the padded position t.
fn windows_at(t: u32, window: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0u, (t - window) / stride + 1, t >= window);
  return vec2u(first, min(t / stride + 1, count));
}

// First and one past the last pixel of window o, along one axis, that lie inside the picture.
fn pixels_of(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + window - min(pad, start + window), size));
}
// dx[n, iy, ix, c] = sum over the windows that (iy, ix) lies in of dy / (number of the window's pixels in the picture).
// One thread a pixel and channel; dispatch ceil(n * h * w * c / 64), folded.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;          // [n, oh, ow, c]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;    // [n, h, w, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c) { return; }
  let c = i % p.c;
  let image = i / (p.c * p.w * p.h);
  let rows = windows_at(i / (p.c * p.w) % p.h + p.pad_top, p.kh, p.stride_h, p.oh);
  let columns = windows_at(i / p.c % p.w + p.pad_left, p.kw, p.stride_w, p.ow);
  var sum = 0.0;
  for (var oy = rows.x; oy < rows.y; oy++) {
    let height = pixels_of(oy, p.kh, p.stride_h, p.pad_top, p.h);
    for (var ox = columns.x; ox < columns.y; ox++) {
      let width = pixels_of(ox, p.kw, p.stride_w, p.pad_left, p.w);
      let pixels = (height.y - height.x) * (width.y - width.x);
      sum += dy[((image * p.oh + oy) * p.ow + ox) * p.c + c] / f32(pixels);
    }
  }
  dx[i] = sum;
}
`,
  'pool/max': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Comparisons with NaN may be compiled away under fast-math rules; its bits may not.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn are_nan(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
// What the pooling kernels share: windows over the picture, and which windows a pixel lies in.
struct Params {
  n: u32, h: u32, w: u32, c: u32,   // x [n, h, w, c]
  oh: u32, ow: u32,                 // y [n, oh, ow, c]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32,
  per_word: u32,                    // taps packed into one word: 4, or 1 where a window has more than 256
  words: u32,                       // words of taps an image, at least oh * ow * c / per_word
  drop: u32,                        // 1: y is dropped at random, and keeps no tap where it is; only max pooling does
  base: u32, id: u32,               // number of the first image, which dropout of the network
  threshold: u32, scale: f32,       // rate * 2^24, 1 / (1 - rate)
  mask: u32,                        // 1, in gradients: dy counts only where y is positive
  taps: u32,                        // 1, in max pooling: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last window o, along one axis, whose taps reach the padded position t.
fn windows_at(t: u32, window: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0u, (t - window) / stride + 1, t >= window);
  return vec2u(first, min(t / stride + 1, count));
}

// First and one past the last pixel of window o, along one axis, that lie inside the picture.
fn pixels_of(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + window - min(pad, start + window), size));
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// Which elements a dropout keeps: a pure function of (seed, step, id, element), so that no mask is stored. Needs philox
// and step.
const DOMAIN: u32 = 0x64726f70;   // "drop": keeps these draws apart from others with the same id

// The draws of elements 4 quad to 4 quad + 3 of dropout \`id\`.
fn drop_words(quad: u32, id: u32) -> vec4u {
  return philox4x32(vec4u(quad, step.step, id, DOMAIN), vec2u(step.seed, 0));
}

// threshold: rate * 2^24. An element is kept when the upper 24 bits of its word reach it.
fn is_kept(word: u32, threshold: u32) -> bool { return (word >> 8) >= threshold; }
fn are_kept(words: vec4u, threshold: u32) -> vec4<bool> { return (words >> vec4u(8)) >= vec4u(threshold); }
// y[n, oy, ox, c] = max of its window; taps keeps where it was (ky * kw + kx), for the gradient.
// The first of equal values wins, in row-major order of the window (TensorFlow, PyTorch); so does the first NaN.
// With drop, y is then dropped out: 0 with probability rate, else scaled by 1 / (1 - rate); what is dropped has no tap.
// One thread a word of taps: it makes per_word neighbouring results of one image.
// Dispatch ceil(n * words / 64), folded.
// use: grid, nan, pool, step, philox, dropout
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<f32>;            // [n, h, w, c]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;      // [n, oh, ow, c]
@group(0) @binding(4) var<storage, read_write> taps: array<u32>;   // [n, words]; any buffer without p.taps

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let per_image = p.oh * p.ow * p.c;
  if (i >= p.n * p.words) { return; }
  let image = i / p.words;
  let first = i % p.words * p.per_word;
  let end = min(first + p.per_word, per_image);
  let field = select(0xffffffffu, 0xffu, p.per_word == 4);
  var words = vec4u();
  var packed = 0u;
  for (var element = first; element < end; element++) {
    let c = element % p.c;
    let ox = element / p.c % p.ow;
    let oy = element / (p.c * p.ow);
    let rows = pixels_of(oy, p.kh, p.stride_h, p.pad_top, p.h);
    let columns = pixels_of(ox, p.kw, p.stride_w, p.pad_left, p.w);
    var best = 0.0;
    var place = vec2u(0xffffffffu);
    for (var iy = rows.x; iy < rows.y; iy++) {
      for (var ix = columns.x; ix < columns.y; ix++) {
        let value = x[((image * p.h + iy) * p.w + ix) * p.c + c];
        if (place.x == 0xffffffffu || value > best || (is_nan(value) && !is_nan(best))) {
          best = value;
          place = vec2u(iy, ix);
        }
      }
    }
    let ky = place.x + p.pad_top - oy * p.stride_h;
    let kx = place.y + p.pad_left - ox * p.stride_w;
    var tap = ky * p.kw + kx;
    if (p.drop == 1) {
      let number = (p.base + image) * per_image + element;
      if (element == first || number % 4 == 0) { words = drop_words(number / 4, p.id); }
      let kept = is_kept(words[number % 4], p.threshold);
      best = select(0.0, best * p.scale, kept);
      tap = select(NO_TAP, tap, kept);
    }
    packed |= (tap & field) << (8 * (element - first));
    y[image * per_image + element] = best;
  }
  if (p.taps == 1) { taps[i] = packed; }
}
`,
  'pool/max_grad': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the pooling kernels share: windows over the picture, and which windows a pixel lies in.
struct Params {
  n: u32, h: u32, w: u32, c: u32,   // x [n, h, w, c]
  oh: u32, ow: u32,                 // y [n, oh, ow, c]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32,
  per_word: u32,                    // taps packed into one word: 4, or 1 where a window has more than 256
  words: u32,                       // words of taps an image, at least oh * ow * c / per_word
  drop: u32,                        // 1: y is dropped at random, and keeps no tap where it is; only max pooling does
  base: u32, id: u32,               // number of the first image, which dropout of the network
  threshold: u32, scale: f32,       // rate * 2^24, 1 / (1 - rate)
  mask: u32,                        // 1, in gradients: dy counts only where y is positive
  taps: u32,                        // 1, in max pooling: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last window o, along one axis, whose taps reach the padded position t.
fn windows_at(t: u32, window: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0u, (t - window) / stride + 1, t >= window);
  return vec2u(first, min(t / stride + 1, count));
}

// First and one past the last pixel of window o, along one axis, that lie inside the picture.
fn pixels_of(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + window - min(pad, start + window), size));
}
// dx[n, iy, ix, c] = sum of dy over the windows whose maximum was at (iy, ix), times the scale of the dropout, if any:
// each pixel looks at the windows it lies in and at the taps that the forward kept, so nothing is added from two sides.
// A window whose result was dropped has kept none. With mask, dy counts only where y is positive: a ReLU stood before the
// pooling. Any window and stride.
// One thread a pixel and channel; dispatch ceil(n * h * w * c / 64), folded.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;          // [n, oh, ow, c]
@group(0) @binding(2) var<storage, read> taps: array<u32>;        // [n, words]
@group(0) @binding(3) var<storage, read> y: array<f32>;           // [n, oh, ow, c]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;    // [n, h, w, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.n * p.h * p.w * p.c) { return; }
  let c = i % p.c;
  let tx = i / p.c % p.w + p.pad_left;
  let ty = i / (p.c * p.w) % p.h + p.pad_top;
  let image = i / (p.c * p.w * p.h);
  let per_image = p.oh * p.ow * p.c;
  let rows = windows_at(ty, p.kh, p.stride_h, p.oh);
  let columns = windows_at(tx, p.kw, p.stride_w, p.ow);
  var sum = 0.0;
  for (var oy = rows.x; oy < rows.y; oy++) {
    for (var ox = columns.x; ox < columns.y; ox++) {
      let element = (oy * p.ow + ox) * p.c + c;
      var tap = taps[image * p.words + element / p.per_word];
      if (p.per_word == 4) { tap = (tap >> (8 * (element % 4))) & 0xffu; }
      if (tap == (ty - oy * p.stride_h) * p.kw + tx - ox * p.stride_w) {
        let at = image * per_image + element;
        sum += select(dy[at], 0.0, p.mask == 1 && y[at] <= 0.0);
      }
    }
  }
  dx[i] = sum * p.scale;
}
`,
  'pool/max_grad_cells': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// What the pooling kernels share: windows over the picture, and which windows a pixel lies in.
struct Params {
  n: u32, h: u32, w: u32, c: u32,   // x [n, h, w, c]
  oh: u32, ow: u32,                 // y [n, oh, ow, c]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32,
  per_word: u32,                    // taps packed into one word: 4, or 1 where a window has more than 256
  words: u32,                       // words of taps an image, at least oh * ow * c / per_word
  drop: u32,                        // 1: y is dropped at random, and keeps no tap where it is; only max pooling does
  base: u32, id: u32,               // number of the first image, which dropout of the network
  threshold: u32, scale: f32,       // rate * 2^24, 1 / (1 - rate)
  mask: u32,                        // 1, in gradients: dy counts only where y is positive
  taps: u32,                        // 1, in max pooling: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last window o, along one axis, whose taps reach the padded position t.
fn windows_at(t: u32, window: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0u, (t - window) / stride + 1, t >= window);
  return vec2u(first, min(t / stride + 1, count));
}

// First and one past the last pixel of window o, along one axis, that lie inside the picture.
fn pixels_of(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + window - min(pad, start + window), size));
}
// dx of max pooling whose windows do not overlap (stride >= window), the usual case: the picture falls into cells of
// stride x stride pixels, each with one window. One thread a cell and channel reads dy and the tap once and writes the
// whole cell, where max_grad reads both for every pixel.
// Dispatch ceil(n * cells_h * cells_w * c / 64), folded; cells = ceil((size + pad) / stride), as the last may have no window.
// use: grid, pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;          // [n, oh, ow, c]
@group(0) @binding(2) var<storage, read> taps: array<u32>;        // [n, words]
@group(0) @binding(3) var<storage, read> y: array<f32>;           // [n, oh, ow, c]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;    // [n, h, w, c]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let cells_h = (p.h + p.pad_top + p.stride_h - 1) / p.stride_h;
  let cells_w = (p.w + p.pad_left + p.stride_w - 1) / p.stride_w;
  if (i >= p.n * cells_h * cells_w * p.c) { return; }
  let c = i % p.c;
  let ox = i / p.c % cells_w;
  let oy = i / (p.c * cells_w) % cells_h;
  let image = i / (p.c * cells_w * cells_h);
  let per_image = p.oh * p.ow * p.c;
  var gradient = 0.0;
  var winner = vec2u(0xffffffffu);
  if (oy < p.oh && ox < p.ow) {
    let element = (oy * p.ow + ox) * p.c + c;
    var tap = taps[image * p.words + element / p.per_word];
    if (p.per_word == 4) { tap = (tap >> (8 * (element % 4))) & 0xffu; }
    // A tap that is none of the window's: the result was dropped.
    if (tap < p.kh * p.kw) {
      let at = image * per_image + element;
      gradient = select(dy[at] * p.scale, 0.0, p.mask == 1 && y[at] <= 0.0);
      winner = vec2u(oy * p.stride_h + tap / p.kw, ox * p.stride_w + tap % p.kw);
    }
  }
  let bottom = min((oy + 1) * p.stride_h, p.h + p.pad_top);
  let right = min((ox + 1) * p.stride_w, p.w + p.pad_left);
  for (var ty = max(oy * p.stride_h, p.pad_top); ty < bottom; ty++) {
    for (var tx = max(ox * p.stride_w, p.pad_left); tx < right; tx++) {
      let at = ((image * p.h + ty - p.pad_top) * p.w + tx - p.pad_left) * p.c + c;
      dx[at] = select(0.0, gradient, ty == winner.x && tx == winner.y);
    }
  }
}
`,
  'pool/max_grad_rows': `// What the pooling kernels share: windows over the picture, and which windows a pixel lies in.
struct Params {
  n: u32, h: u32, w: u32, c: u32,   // x [n, h, w, c]
  oh: u32, ow: u32,                 // y [n, oh, ow, c]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32,
  per_word: u32,                    // taps packed into one word: 4, or 1 where a window has more than 256
  words: u32,                       // words of taps an image, at least oh * ow * c / per_word
  drop: u32,                        // 1: y is dropped at random, and keeps no tap where it is; only max pooling does
  base: u32, id: u32,               // number of the first image, which dropout of the network
  threshold: u32, scale: f32,       // rate * 2^24, 1 / (1 - rate)
  mask: u32,                        // 1, in gradients: dy counts only where y is positive
  taps: u32,                        // 1, in max pooling: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last window o, along one axis, whose taps reach the padded position t.
fn windows_at(t: u32, window: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0u, (t - window) / stride + 1, t >= window);
  return vec2u(first, min(t / stride + 1, count));
}

// First and one past the last pixel of window o, along one axis, that lie inside the picture.
fn pixels_of(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + window - min(pad, start + window), size));
}
// dx of max pooling whose windows do not overlap (stride >= window): max_grad_cells.wgsl, four channels at a time.
//
// The picture falls into cells of stride x stride pixels, each with one window. One workgroup takes one row of cells of
// one image, lane after lane of 4 channels: it reads dy and the word of four taps once and writes the whole cell. A
// thread divides once a row. Dispatch n * cells_h, folded; cells_h = ceil((h + pad_top) / stride_h).
// Needs c % 4 == 0 and windows of at most 255 taps. Good for software adapters; a GPU wants more than 8 lanes.
// use: pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;          // [n, oh, ow, c / 4]
@group(0) @binding(2) var<storage, read> taps: array<u32>;          // [n, words]
@group(0) @binding(3) var<storage, read> y: array<vec4f>;           // [n, oh, ow, c / 4]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;    // [n, h, w, c / 4]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let cells_h = (p.h + p.pad_top + p.stride_h - 1) / p.stride_h;
  let cells_w = (p.w + p.pad_left + p.stride_w - 1) / p.stride_w;
  let row = wid.x + wid.y * nwg.x;
  if (row >= p.n * cells_h) { return; }
  let image = row / cells_h;
  let oy = row % cells_h;
  let c4 = p.c / 4;
  let top = oy * p.stride_h;
  let bottom = min(top + p.stride_h, p.h + p.pad_top);
  for (var c = lane; c < c4; c += 8u) {
    for (var ox = 0u; ox < cells_w; ox++) {
      let left = ox * p.stride_w;
      let right = min(left + p.stride_w, p.w + p.pad_left);
      // The last cells may have no window: their pixels are zero whatever the word says.
      let has_window = oy < p.oh && ox < p.ow;
      let at = select(0u, (oy * p.ow + ox) * c4 + c, has_window);
      let from_y = image * p.oh * p.ow * c4 + at;
      var gradient = select(vec4f(), dy[from_y] * p.scale, has_window);
      if (p.mask == 1) { gradient = select(gradient, vec4f(), y[from_y] <= vec4f()); }
      let winner = (vec4u(taps[image * p.words + at]) >> vec4u(0, 8, 16, 24)) & vec4u(255);
      for (var ty = max(top, p.pad_top); ty < bottom; ty++) {
        for (var tx = max(left, p.pad_left); tx < right; tx++) {
          // Pixels of the cell behind the window have no tap; a tap of the next row must not be taken for theirs.
          let inside = ty - top < p.kh && tx - left < p.kw;
          let tap = select(0xffffffffu, (ty - top) * p.kw + tx - left, inside);
          dx[((image * p.h + ty - p.pad_top) * p.w + tx - p.pad_left) * c4 + c] =
            select(vec4f(), gradient, winner == vec4u(tap));
        }
      }
    }
  }
}
`,
  'pool/max_quads': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Comparisons with NaN may be compiled away under fast-math rules; its bits may not.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn are_nan(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
// What the pooling kernels share: windows over the picture, and which windows a pixel lies in.
struct Params {
  n: u32, h: u32, w: u32, c: u32,   // x [n, h, w, c]
  oh: u32, ow: u32,                 // y [n, oh, ow, c]
  kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32,
  per_word: u32,                    // taps packed into one word: 4, or 1 where a window has more than 256
  words: u32,                       // words of taps an image, at least oh * ow * c / per_word
  drop: u32,                        // 1: y is dropped at random, and keeps no tap where it is; only max pooling does
  base: u32, id: u32,               // number of the first image, which dropout of the network
  threshold: u32, scale: f32,       // rate * 2^24, 1 / (1 - rate)
  mask: u32,                        // 1, in gradients: dy counts only where y is positive
  taps: u32,                        // 1, in max pooling: somebody will ask where the maxima were
}

// The tap that stands for none: of a result that was dropped.
const NO_TAP: u32 = 0xffffffffu;

// First and one past the last window o, along one axis, whose taps reach the padded position t.
fn windows_at(t: u32, window: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0u, (t - window) / stride + 1, t >= window);
  return vec2u(first, min(t / stride + 1, count));
}

// First and one past the last pixel of window o, along one axis, that lie inside the picture.
fn pixels_of(o: u32, window: u32, stride: u32, pad: u32, size: u32) -> vec2u {
  let start = o * stride;
  return vec2u(max(start, pad) - pad, min(start + window - min(pad, start + window), size));
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
// Which elements a dropout keeps: a pure function of (seed, step, id, element), so that no mask is stored. Needs philox
// and step.
const DOMAIN: u32 = 0x64726f70;   // "drop": keeps these draws apart from others with the same id

// The draws of elements 4 quad to 4 quad + 3 of dropout \`id\`.
fn drop_words(quad: u32, id: u32) -> vec4u {
  return philox4x32(vec4u(quad, step.step, id, DOMAIN), vec2u(step.seed, 0));
}

// threshold: rate * 2^24. An element is kept when the upper 24 bits of its word reach it.
fn is_kept(word: u32, threshold: u32) -> bool { return (word >> 8) >= threshold; }
fn are_kept(words: vec4u, threshold: u32) -> vec4<bool> { return (words >> vec4u(8)) >= vec4u(threshold); }
// a / b for a below 2^31, b > 0 and quotients below 2^22: by a float quotient, which vector units have, where dividing
// integers takes a software adapter one lane after the other (and so does converting unsigned ones). The float is off by
// less than one, so one step up or down makes it exact.
fn divide(a: u32, b: u32) -> u32 {
  let near = u32(i32(f32(i32(a)) / f32(i32(b))));
  let low = near - select(0u, 1u, near * b > a);
  return low + select(0u, 1u, a - low * b >= b);
}
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

// Where tap k of the window whose first is at \`start\` reads along one axis.
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
`,
  'preprocess/forward': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// Where a pixel of a preprocessed picture comes from along one axis: shaders/preprocess.
struct Params {
  size: u32, each: u32,        // elements of the result
  h: u32, w: u32, c: u32,      // of the picture as it comes; c is 1 or 3
  side: u32,                   // of the picture that is made, which has 3 channels
  spread: u32,                 // 1: stretched over all of it, bilinear; 0: in the middle, on black
  reverse: u32,                // 1: the last channel first
  margin_h: u32, margin_w: u32,
  scale: f32,
  mean0: f32, mean1: f32, mean2: f32,
}

// Two neighbours and the share of the second; present is 0 where the picture is black.
struct Tap { first: u32, second: u32, share: f32, present: f32 }

fn tap(i: u32, length: u32, side: u32, spread: bool, margin: u32) -> Tap {
  if (!spread) {
    // In front of the picture the difference wraps around and is larger than any length.
    let at = i - margin;
    let inside = at < length;
    let safe = select(0u, at, inside);
    return Tap(safe, safe, 0, select(0.0, 1.0, inside));
  }
  // (i + 1/2) length / side - 1/2, since centres of pixels lie at halves; outside of the outermost ones the edge repeats.
  // As a fraction of integers, so that every device finds the same neighbours.
  let at = max((2 * i + 1) * length, side) - side;
  let first = at / (2 * side);
  let share = f32(at - first * 2 * side) / f32(2 * side);
  return Tap(first, min(first + 1, length - 1), share, 1);
}

// How much of pixel i of the picture is in it.
fn weight(t: Tap, i: u32) -> f32 {
  return t.present * (select(0.0, 1 - t.share, t.first == i) + select(0.0, t.share, t.second == i));
}

// The channel of the picture behind channel k of the result.
fn source(k: u32, c: u32, reverse: bool) -> u32 {
  return select(select(k, c - 1 - k, reverse), 0u, c == 1);
}
// Pictures as a pretrained network wants them: out[n, y, x, k] = scale * I(x[n])[y, x, source(k)] - mean[k], where I puts the
// picture in the middle of a black one of another size or stretches it over all of that, bilinear (shaders/lib/preprocess.wgsl).
// One element of out at a time; dispatch ceil(size / (64 each)), folded. Any shape, any device.
// use: elements, preprocess
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;            // [n, h, w, c]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;    // [n, side, side, 3]

fn element(i: u32) {
  let k = i % 3;
  let pixel = i / 3;
  let column = tap(pixel % p.side, p.w, p.side, p.spread == 1, p.margin_w);
  let line = pixel / p.side;
  let row = tap(line % p.side, p.h, p.side, p.spread == 1, p.margin_h);
  let from_ = (line / p.side) * p.h;
  let channel = source(k, p.c, p.reverse == 1);
  let mean = select(select(p.mean2, p.mean1, k == 1), p.mean0, k == 0);
  var value = x[((from_ + row.first) * p.w + column.first) * p.c + channel];
  if (p.spread == 1) {
    let right = x[((from_ + row.first) * p.w + column.second) * p.c + channel];
    let below = x[((from_ + row.second) * p.w + column.first) * p.c + channel];
    let opposite = x[((from_ + row.second) * p.w + column.second) * p.c + channel];
    let upper = (1 - column.share) * value + column.share * right;
    let lower = (1 - column.share) * below + column.share * opposite;
    value = (1 - row.share) * upper + row.share * lower;
  }
  // Not a product, which a NaN outside of the picture would not survive.
  let shown = select(0.0, value, row.present * column.present > 0);
  out[i] = shown * p.scale - mean;
}
`,
  'preprocess/grad': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// Where a pixel of a preprocessed picture comes from along one axis: shaders/preprocess.
struct Params {
  size: u32, each: u32,        // elements of the result
  h: u32, w: u32, c: u32,      // of the picture as it comes; c is 1 or 3
  side: u32,                   // of the picture that is made, which has 3 channels
  spread: u32,                 // 1: stretched over all of it, bilinear; 0: in the middle, on black
  reverse: u32,                // 1: the last channel first
  margin_h: u32, margin_w: u32,
  scale: f32,
  mean0: f32, mean1: f32, mean2: f32,
}

// Two neighbours and the share of the second; present is 0 where the picture is black.
struct Tap { first: u32, second: u32, share: f32, present: f32 }

fn tap(i: u32, length: u32, side: u32, spread: bool, margin: u32) -> Tap {
  if (!spread) {
    // In front of the picture the difference wraps around and is larger than any length.
    let at = i - margin;
    let inside = at < length;
    let safe = select(0u, at, inside);
    return Tap(safe, safe, 0, select(0.0, 1.0, inside));
  }
  // (i + 1/2) length / side - 1/2, since centres of pixels lie at halves; outside of the outermost ones the edge repeats.
  // As a fraction of integers, so that every device finds the same neighbours.
  let at = max((2 * i + 1) * length, side) - side;
  let first = at / (2 * side);
  let share = f32(at - first * 2 * side) / f32(2 * side);
  return Tap(first, min(first + 1, length - 1), share, 1);
}

// How much of pixel i of the picture is in it.
fn weight(t: Tap, i: u32) -> f32 {
  return t.present * (select(0.0, 1 - t.share, t.first == i) + select(0.0, t.share, t.second == i));
}

// The channel of the picture behind channel k of the result.
fn source(k: u32, c: u32, reverse: bool) -> u32 {
  return select(select(k, c - 1 - k, reverse), 0u, c == 1);
}
// Gradient of shaders/preprocess/forward.wgsl: out[n, y, x, c] = scale * sum over (i, j, k) of dy[n, i, j, k] times the weight
// that pixel (y, x) has in pixel (i, j), over the channels k that come from c.
// One element of out at a time, which adds up the pixels it may be part of, row by row; dispatch ceil(size / (64 each)),
// folded. Any shape, any device.
// use: elements, preprocess
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;           // [n, side, side, 3]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;    // [n, h, w, c]

// First and one past the last pixel of the result that may show pixel i.
fn reach(i: u32, length: u32, margin: u32) -> vec2u {
  if (p.spread == 0) { return vec2u(i + margin, i + margin + 1); }
  let ratio = f32(p.side) / f32(length);
  let start = max(floor((f32(i) - 0.5) * ratio - 1.5), 0.0);
  let end = u32(ceil((f32(i) + 1.5) * ratio + 1.5));
  return vec2u(select(u32(start), 0u, i == 0), select(min(end, p.side), p.side, i == length - 1));
}

fn element(i: u32) {
  let channel = i % p.c;
  let pixel = i / p.c;
  let x = pixel % p.w;
  let line = pixel / p.w;
  let y = line % p.h;
  let image = line / p.h;
  let rows = reach(y, p.h, p.margin_h);
  let columns = reach(x, p.w, p.margin_w);
  var sum = 0.0;
  for (var row = rows.x; row < rows.y; row++) {
    let down = weight(tap(row, p.h, p.side, p.spread == 1, p.margin_h), y);
    for (var column = columns.x; column < columns.y; column++) {
      let share = down * weight(tap(column, p.w, p.side, p.spread == 1, p.margin_w), x);
      // Not only a product: what this pixel is no part of may be NaN.
      if (share == 0) { continue; }
      for (var k = 0u; k < 3; k++) {
        if (source(k, p.c, p.reverse == 1) == channel) {
          sum += share * dy[((image * p.side + row) * p.side + column) * 3 + k];
        }
      }
    }
  }
  out[i] = sum * p.scale;
}
`,
  'reduce/extremum': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Comparisons with NaN may be compiled away under fast-math rules; its bits may not.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn are_nan(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
// out[o, part, i] = max (or min) over the l of a part of x[o, l, i], and index[o, part, i] = the first l that has it.
// A NaN counts as larger (smaller) than everything, so that it is seen.
// One thread an output, l in order; dispatch ceil(outer * parts * inner / 64), folded. A second dispatch over the parts
// of a first one takes l from \`from_index\`.
// use: grid, nan
struct Params {
  outer: u32, length: u32, inner: u32,
  parts: u32, chunk: u32,   // chunk = ceil(length / parts)
  minimum: u32,             // 1: min
  indexed: u32,             // 1: x are results of parts, their l stand in from_index
  base: u32,                // l of the first row (slices)
  accumulate: u32,          // 1: compare with what is there, from smaller l
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [outer, length, inner]
@group(0) @binding(2) var<storage, read> from_index: array<u32>;    // [outer, length, inner]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;     // [outer, parts, inner]
@group(0) @binding(4) var<storage, read_write> index: array<u32>;   // [outer, parts, inner]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.outer * p.parts * p.inner) { return; }
  let slot = id / p.inner;
  let i = id - slot * p.inner;
  let o = slot / p.parts;
  let first = (slot - o * p.parts) * p.chunk;
  let end = min(first + p.chunk, p.length);
  var at = (o * p.length + first) * p.inner + i;
  var best = x[at];
  var best_l = first;
  var best_at = at;
  for (var l = first + 1; l < end; l++) {
    at += p.inner;
    if (beats(x[at], best)) {
      best = x[at];
      best_l = l;
      best_at = at;
    }
  }
  best_l += p.base;
  if (p.indexed == 1) { best_l = from_index[best_at]; }
  if (p.accumulate == 1 && !beats(best, out[id])) { return; }
  out[id] = best;
  index[id] = best_l;
}

fn beats(a: f32, b: f32) -> bool {
  if (is_nan(b)) { return false; }
  return is_nan(a) || select(a > b, a < b, p.minimum == 1);
}
`,
  'reduce/extremum_grad': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// dx[o, l, i] = dy[o, i] where l = index[o, i], the place of the maximum (minimum), else 0.
// One element of dx at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params {
  size: u32, each: u32,
  length: u32, inner: u32,
  base: u32,   // l of the first row (slices)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> index: array<u32>;       // [outer, inner]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [outer, inner]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [outer, length, inner]

fn element(id: u32) {
  let row = id / p.inner;
  let o = row / p.length;
  let at = o * p.inner + id - row * p.inner;
  out[id] = select(0.0, dy[at], index[at] == row - o * p.length + p.base);
}
`,
  'reduce/sum': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// out[o, part, i] = scale * sum_l x[o, l, i] over the l of a part; with one part the whole sum.
// One thread an output, l in order; dispatch ceil(outer * parts * inner / 64), folded. Where outputs are fewer than
// threads a first dispatch sums parts of the length and a second one, with length = parts, adds those up in order.
// use: grid
struct Params {
  outer: u32, length: u32, inner: u32,
  parts: u32, chunk: u32,   // chunk = ceil(length / parts)
  scale: f32,
  accumulate: u32,          // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [outer, length, inner]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [outer, parts, inner]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let id = flat_thread(gid, groups, 64);
  if (id >= p.outer * p.parts * p.inner) { return; }
  let slot = id / p.inner;
  let i = id - slot * p.inner;
  let o = slot / p.parts;
  let first = (slot - o * p.parts) * p.chunk;
  let end = min(first + p.chunk, p.length);
  var sum = 0.0;
  for (var l = first; l < end; l++) { sum += x[(o * p.length + l) * p.inner + i]; }
  sum *= p.scale;
  if (p.accumulate == 1) { sum += out[id]; }
  out[id] = sum;
}
`,
  'reduce/sum_tree': `// out[o, part, i] = scale * sum_l x[o, l, i] over the l of a part, by workgroups.
//
// tile: COLUMNS neighbouring i; LANES threads share the l of a part, thread by thread, and add up their sums as a tree
//       in workgroup memory: always the same order.
// dispatch: outer * parts * ceil(inner / COLUMNS), folded. Few outputs: parts first, then a second dispatch over them.
// good for: GPUs. COLUMNS = 1 for sums along the last axis, where neighbouring threads read neighbouring l; a software
//       adapter splits a shader at every barrier and is faster with sum.wgsl.
const COLUMNS: u32 = 1;
const LANES: u32 = 256;
struct Params {
  outer: u32, length: u32, inner: u32,
  parts: u32, chunk: u32,   // chunk = ceil(length / parts)
  scale: f32,
  accumulate: u32,          // 1: add to what is there
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [outer, length, inner]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [outer, parts, inner]

var<workgroup> sums: array<f32, COLUMNS * LANES>;

@compute @workgroup_size(COLUMNS, LANES)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let blocks = (p.inner + COLUMNS - 1) / COLUMNS;
  let id = wid.x + wid.y * groups.x;
  let slot = id / blocks;
  let i = (id - slot * blocks) * COLUMNS + lid.x;
  let o = slot / p.parts;
  let first = (slot - o * p.parts) * p.chunk;
  let inside = i < p.inner && o < p.outer;
  var sum = 0.0;
  if (inside) {
    let end = min(first + p.chunk, p.length);
    for (var l = first + lid.y; l < end; l += LANES) { sum += x[(o * p.length + l) * p.inner + i]; }
  }
  let mine = lid.y * COLUMNS + lid.x;
  sums[mine] = sum;
  for (var width = LANES / 2; width > 0; width /= 2) {
    workgroupBarrier();
    if (lid.y < width) { sums[mine] += sums[mine + width * COLUMNS]; }
  }
  if (inside && lid.y == 0) {
    sum = sums[mine] * p.scale;
    if (p.accumulate == 1) { sum += out[slot * p.inner + i]; }
    out[slot * p.inner + i] = sum;
  }
}
`,
  'roofline/copy': `// What the device can move at most: each thread copies PER_THREAD vec4, neighbours in a workgroup next to each other.
// Dispatch: ceil(size / (64 * PER_THREAD)) workgroups.

const PER_THREAD: u32 = 4;

struct Params {
  size: u32, // in vec4
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4f>; // [size]
@group(0) @binding(2) var<storage, read_write> copy: array<vec4f>; // [size]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * 64u * PER_THREAD + lane;
  for (var i = 0u; i < PER_THREAD; i++) {
    let at = first + 64u * i;
    if at < p.size {
      copy[at] = source[at];
    }
  }
}
`,
  'roofline/fma': `// What the device can multiply and add at most: CHAINS independent chains in registers, which nothing is loaded for. A
// processor needs enough of them to hide the latency of its vector units, and few enough for its registers; so several
// numbers are tried. UNROLLED steps stand between two turns of the loop, whose own cost then hardly counts.
// Dispatch: any number of workgroups; each thread does TURNS * UNROLLED * CHAINS multiply-adds.

const CHAINS: u32 = 8;
const TURNS: u32 = 256;
const UNROLLED: u32 = 8;

struct Params {
  factor: f32, // just below 1, so that nothing grows out of range
  summand: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // [threads]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = p.factor;
  let summand = p.summand;
  var sums: array<f32, CHAINS>;
  for (var i = 0u; i < CHAINS; i++) { sums[i] = f32(id.x + i); }
  for (var turn = 0u; turn < TURNS; turn++) {
    for (var step = 0u; step < UNROLLED; step++) {
      for (var i = 0u; i < CHAINS; i++) { sums[i] = fma(sums[i], factor, summand); }
    }
  }
  var total = 0.0;
  for (var i = 0u; i < CHAINS; i++) { total += sums[i]; }
  out[id.x] = total;
}
`,
  'softmax/grad_row_workgroup': `// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
// Gradient of softmax, dx = y (dy - sum(dy y)), or of log softmax, dx = dy - exp(y) sum(dy), from its result y.
// One workgroup of 256 threads a row: good for many columns on a GPU. Dispatch rows, folded.
// use: workgroup_sum
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [rows, n]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;    // [rows, n]

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = wid.x + wid.y * groups.x;
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var share = 0.0;
  for (var c = thread; c < p.n; c += 256) { share += dy[first + c] * select(y[first + c], 1.0, p.log == 1); }
  let sum = workgroup_sum(vec2f(share, 0.0), thread).x;
  for (var c = thread; c < p.n; c += 256) {
    let i = first + c;
    dx[i] = select(y[i] * (dy[i] - sum), dy[i] - exp(y[i]) * sum, p.log == 1);
  }
}
`,
  'softmax/grad_rows': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Gradient of softmax, dx = y (dy - sum(dy y)), or of log softmax, dx = dy - exp(y) sum(dy), from its result y.
// The reference variant: one thread a row, two passes. Good for few columns. Dispatch ceil(rows / 64), folded.
// use: grid
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [rows, n]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;    // [rows, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = flat_thread(gid, groups, 64);
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var sum = 0.0;
  for (var c = 0u; c < p.n; c++) { sum += dy[first + c] * select(y[first + c], 1.0, p.log == 1); }
  for (var c = 0u; c < p.n; c++) {
    let i = first + c;
    dx[i] = select(y[i] * (dy[i] - sum), dy[i] - exp(y[i]) * sum, p.log == 1);
  }
}
`,
  'softmax/row_workgroup': `// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
// y = softmax(x) or log softmax(x) along rows: exp(x - max) / sum, or x - max - log(sum).
// One workgroup of 256 threads a row: good for many columns on a GPU. Dispatch rows, folded.
// use: workgroup_sum
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [rows, n]

var<workgroup> largest: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = wid.x + wid.y * groups.x;
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var best = x[first + min(thread, p.n - 1)];
  for (var c = thread + 256; c < p.n; c += 256) { best = max(best, x[first + c]); }
  largest[thread] = best;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { largest[thread] = max(largest[thread], largest[thread + half]); }
    workgroupBarrier();
  }
  best = largest[0];
  var share = 0.0;
  for (var c = thread; c < p.n; c += 256) { share += exp(x[first + c] - best); }
  let sum = workgroup_sum(vec2f(share, 0.0), thread).x;
  let log_sum = log(sum);
  for (var c = thread; c < p.n; c += 256) {
    let shifted = x[first + c] - best;
    out[first + c] = select(exp(shifted) / sum, shifted - log_sum, p.log == 1);
  }
}
`,
  'softmax/rows': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// y = softmax(x) or log softmax(x) along rows: exp(x - max) / sum, or x - max - log(sum).
// The reference variant: one thread a row, three passes. Good for few columns. Dispatch ceil(rows / 64), folded.
// use: grid
struct Params { rows: u32, n: u32, log: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [rows, n]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [rows, n]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = flat_thread(gid, groups, 64);
  if (row >= p.rows) { return; }
  let first = row * p.n;
  var best = x[first];
  for (var c = 1u; c < p.n; c++) { best = max(best, x[first + c]); }
  var sum = 0.0;
  for (var c = 0u; c < p.n; c++) { sum += exp(x[first + c] - best); }
  let log_sum = log(sum);
  for (var c = 0u; c < p.n; c++) {
    let shifted = x[first + c] - best;
    out[first + c] = select(exp(shifted) / sum, shifted - log_sum, p.log == 1);
  }
}
`,
  'softmax_cross_entropy/one_workgroup': `// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// What the softmax cross-entropy kernels share: parameters, bindings and one row by one thread.
struct Params {
  rows: u32, n: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  weighted: u32,           // 1: class_weights are given
  accumulate: u32,         // 1: add to loss and correct (a later slice)
  gradient: u32,           // 1: write dlogits
  totals: u32,             // 1: add the step to losses and counts, with the last slice
  nan: u32,                // bits of a NaN, which WGSL cannot write as a constant
  smoothing: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> logits: array<f32>;              // [rows, n]
@group(0) @binding(3) var<storage, read> labels: array<u32>;              // [rows]
@group(0) @binding(4) var<storage, read> class_weights: array<f32>;       // [n]
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;       // [rows, n]

// Weight of a row in the mean. A label that does not exist makes it NaN, and with it loss and gradient.
fn row_weight(label: u32) -> f32 {
  if (label >= p.n) { return bitcast<f32>(p.nan); }
  var weight = 1.0;
  if (p.weighted == 1) { weight = class_weights[label]; }
  return weight / f32(valid_rows(step.rows, p.total));
}

// Loss from the sum of exp(z - best), the label's z - best and the sum of all z - best.
fn row_loss(sum: f32, of_label: f32, of_all: f32) -> f32 {
  var loss = log(sum) - (1.0 - p.smoothing) * of_label;
  // Only when it counts: 0 times a logit of minus infinity would be NaN.
  if (p.smoothing > 0.0) { loss -= p.smoothing / f32(p.n) * of_all; }
  return loss;
}

fn row_gradient(shifted: f32, sum: f32, is_label: bool, weight: f32) -> f32 {
  let goal = p.smoothing / f32(p.n) + select(0.0, 1.0 - p.smoothing, is_label);
  return weight * (exp(shifted) / sum - goal);
}
// One row by one thread: writes its gradient and returns its share of (loss, correct).
fn cross_entropy_row(row: u32) -> vec2f {
  let first = row * p.n;
  if (p.base + row >= valid_rows(step.rows, p.total)) {
    if (p.gradient == 1) {
      for (var c = 0u; c < p.n; c++) { dlogits[first + c] = 0.0; }
    }
    return vec2f(0.0);
  }
  let label = labels[row];
  let weight = row_weight(label);
  var best = logits[first];
  var winner = 0u;
  for (var c = 1u; c < p.n; c++) {
    let z = logits[first + c];
    if (z > best) { best = z; winner = c; }
  }
  var sum = 0.0;
  var of_all = 0.0;
  for (var c = 0u; c < p.n; c++) {
    let shifted = logits[first + c] - best;
    sum += exp(shifted);
    of_all += shifted;
  }
  if (p.gradient == 1) {
    for (var c = 0u; c < p.n; c++) {
      dlogits[first + c] = row_gradient(logits[first + c] - best, sum, c == label, weight);
    }
  }
  let of_label = logits[first + min(label, p.n - 1)] - best;
  return vec2f(weight * row_loss(sum, of_label, of_all), select(0.0, 1.0, winner == label));
}
// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
// Adds one step to the totals that stay on the device. Losses go to slot (steps done) % SLOTS, so that a sum of many steps
// does not lose digits: the host adds the slots up in float64. Who uses it binds
//   losses: array<f32>   // [SLOTS] sums of loss * rows
//   counts: array<u32>   // [4] correct, rows, steps, 1 if a loss was not finite
const SLOTS: u32 = 512;

fn add_to_totals(loss: f32, correct: f32, rows: u32) {
  losses[counts[2] % SLOTS] += loss * f32(rows);
  counts[0] += u32(correct);
  counts[1] += rows;
  counts[2] += 1;
  // On the bits: comparisons with NaN are compiled away on some drivers.
  if ((bitcast<u32>(loss) & 0x7f800000u) == 0x7f800000u) { counts[3] = 1; }
}
// Softmax, cross-entropy, its gradient and the count of right rows in one dispatch of one workgroup.
// Thread t takes rows t, t + 256, ...; the shares of the threads are summed as a tree. Dispatch 1.
// Good for the usual case, up to 1,024 rows of a few classes: it saves the second dispatch.
// use: batch, step, cross_entropy, cross_entropy_row, workgroup_sum, totals
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;      // [1]
@group(0) @binding(7) var<storage, read_write> correct: array<f32>;   // [1]
@group(0) @binding(8) var<storage, read_write> losses: array<f32>;    // [SLOTS]
@group(0) @binding(9) var<storage, read_write> counts: array<u32>;    // [4]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var share = vec2f(0.0);
  for (var row = thread; row < p.rows; row += 256) { share += cross_entropy_row(row); }
  var total = workgroup_sum(share, thread);
  if (thread == 0) {
    if (p.accumulate == 1) { total += vec2f(loss[0], correct[0]); }
    loss[0] = total.x;
    correct[0] = total.y;
    let is_last = p.base + p.rows == p.total;
    if (p.totals == 1 && is_last) { add_to_totals(total.x, total.y, valid_rows(step.rows, p.total)); }
  }
}
`,
  'softmax_cross_entropy/row_workgroup': `// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// What the softmax cross-entropy kernels share: parameters, bindings and one row by one thread.
struct Params {
  rows: u32, n: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  weighted: u32,           // 1: class_weights are given
  accumulate: u32,         // 1: add to loss and correct (a later slice)
  gradient: u32,           // 1: write dlogits
  totals: u32,             // 1: add the step to losses and counts, with the last slice
  nan: u32,                // bits of a NaN, which WGSL cannot write as a constant
  smoothing: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> logits: array<f32>;              // [rows, n]
@group(0) @binding(3) var<storage, read> labels: array<u32>;              // [rows]
@group(0) @binding(4) var<storage, read> class_weights: array<f32>;       // [n]
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;       // [rows, n]

// Weight of a row in the mean. A label that does not exist makes it NaN, and with it loss and gradient.
fn row_weight(label: u32) -> f32 {
  if (label >= p.n) { return bitcast<f32>(p.nan); }
  var weight = 1.0;
  if (p.weighted == 1) { weight = class_weights[label]; }
  return weight / f32(valid_rows(step.rows, p.total));
}

// Loss from the sum of exp(z - best), the label's z - best and the sum of all z - best.
fn row_loss(sum: f32, of_label: f32, of_all: f32) -> f32 {
  var loss = log(sum) - (1.0 - p.smoothing) * of_label;
  // Only when it counts: 0 times a logit of minus infinity would be NaN.
  if (p.smoothing > 0.0) { loss -= p.smoothing / f32(p.n) * of_all; }
  return loss;
}

fn row_gradient(shifted: f32, sum: f32, is_label: bool, weight: f32) -> f32 {
  let goal = p.smoothing / f32(p.n) + select(0.0, 1.0 - p.smoothing, is_label);
  return weight * (exp(shifted) / sum - goal);
}
// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
// Softmax cross-entropy with one workgroup a row: its threads share the classes. Each row's loss goes to \`parts\`, which
// sum_parts adds up in a second dispatch. Dispatch rows, folded.
// Good for many classes (1,000 and more) on a GPU, where one thread a row leaves most of the device idle.
// use: batch, step, cross_entropy, workgroup_sum
@group(0) @binding(6) var<storage, read_write> parts: array<vec2f>;   // [rows] loss and correct of each row

var<workgroup> values: array<f32, 256>;
var<workgroup> places: array<u32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = wid.x + wid.y * groups.x;
  if (row >= p.rows) { return; }
  let first = row * p.n;
  if (p.base + row >= valid_rows(step.rows, p.total)) {
    for (var c = thread; c < p.n && p.gradient == 1; c += 256) { dlogits[first + c] = 0.0; }
    if (thread == 0) { parts[row] = vec2f(0.0); }
    return;
  }

  // The first maximum: among equal values the smaller place wins.
  var best = logits[first + min(thread, p.n - 1)];
  var winner = min(thread, p.n - 1);
  for (var c = thread + 256; c < p.n; c += 256) {
    let z = logits[first + c];
    if (z > best) { best = z; winner = c; }
  }
  values[thread] = best;
  places[thread] = winner;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) {
      let other = values[thread + half];
      let place = places[thread + half];
      if (other > values[thread] || (other == values[thread] && place < places[thread])) {
        values[thread] = other;
        places[thread] = place;
      }
    }
    workgroupBarrier();
  }
  best = values[0];

  var share = vec2f(0.0);
  for (var c = thread; c < p.n; c += 256) {
    let shifted = logits[first + c] - best;
    share += vec2f(exp(shifted), shifted);
  }
  let total = workgroup_sum(share, thread);
  let label = labels[row];
  let weight = row_weight(label);
  for (var c = thread; c < p.n && p.gradient == 1; c += 256) {
    dlogits[first + c] = row_gradient(logits[first + c] - best, total.x, c == label, weight);
  }
  if (thread == 0) {
    let of_label = logits[first + min(label, p.n - 1)] - best;
    parts[row] = vec2f(weight * row_loss(total.x, of_label, total.y), select(0.0, 1.0, places[0] == label));
  }
}
`,
  'softmax_cross_entropy/rows': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// What the softmax cross-entropy kernels share: parameters, bindings and one row by one thread.
struct Params {
  rows: u32, n: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  weighted: u32,           // 1: class_weights are given
  accumulate: u32,         // 1: add to loss and correct (a later slice)
  gradient: u32,           // 1: write dlogits
  totals: u32,             // 1: add the step to losses and counts, with the last slice
  nan: u32,                // bits of a NaN, which WGSL cannot write as a constant
  smoothing: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> logits: array<f32>;              // [rows, n]
@group(0) @binding(3) var<storage, read> labels: array<u32>;              // [rows]
@group(0) @binding(4) var<storage, read> class_weights: array<f32>;       // [n]
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;       // [rows, n]

// Weight of a row in the mean. A label that does not exist makes it NaN, and with it loss and gradient.
fn row_weight(label: u32) -> f32 {
  if (label >= p.n) { return bitcast<f32>(p.nan); }
  var weight = 1.0;
  if (p.weighted == 1) { weight = class_weights[label]; }
  return weight / f32(valid_rows(step.rows, p.total));
}

// Loss from the sum of exp(z - best), the label's z - best and the sum of all z - best.
fn row_loss(sum: f32, of_label: f32, of_all: f32) -> f32 {
  var loss = log(sum) - (1.0 - p.smoothing) * of_label;
  // Only when it counts: 0 times a logit of minus infinity would be NaN.
  if (p.smoothing > 0.0) { loss -= p.smoothing / f32(p.n) * of_all; }
  return loss;
}

fn row_gradient(shifted: f32, sum: f32, is_label: bool, weight: f32) -> f32 {
  let goal = p.smoothing / f32(p.n) + select(0.0, 1.0 - p.smoothing, is_label);
  return weight * (exp(shifted) / sum - goal);
}
// One row by one thread: writes its gradient and returns its share of (loss, correct).
fn cross_entropy_row(row: u32) -> vec2f {
  let first = row * p.n;
  if (p.base + row >= valid_rows(step.rows, p.total)) {
    if (p.gradient == 1) {
      for (var c = 0u; c < p.n; c++) { dlogits[first + c] = 0.0; }
    }
    return vec2f(0.0);
  }
  let label = labels[row];
  let weight = row_weight(label);
  var best = logits[first];
  var winner = 0u;
  for (var c = 1u; c < p.n; c++) {
    let z = logits[first + c];
    if (z > best) { best = z; winner = c; }
  }
  var sum = 0.0;
  var of_all = 0.0;
  for (var c = 0u; c < p.n; c++) {
    let shifted = logits[first + c] - best;
    sum += exp(shifted);
    of_all += shifted;
  }
  if (p.gradient == 1) {
    for (var c = 0u; c < p.n; c++) {
      dlogits[first + c] = row_gradient(logits[first + c] - best, sum, c == label, weight);
    }
  }
  let of_label = logits[first + min(label, p.n - 1)] - best;
  return vec2f(weight * row_loss(sum, of_label, of_all), select(0.0, 1.0, winner == label));
}
// loss = sum_r w[label] (logsumexp(z_r) - sum_c goal_c z_rc) / valid rows, with dloss/dz and the count of right rows.
// The reference variant: one thread a row, which leaves its loss in \`parts\`; sum_parts adds them up in a second dispatch.
// Three passes over a row (maximum, sum of exponentials, gradient). Dispatch ceil(rows / 64), folded.
// use: grid, batch, step, cross_entropy, cross_entropy_row
@group(0) @binding(6) var<storage, read_write> parts: array<vec2f>;   // [rows] loss and correct of each row

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = flat_thread(gid, groups, 64);
  if (row < p.rows) { parts[row] = cross_entropy_row(row); }
}
`,
  'softmax_cross_entropy/sum_parts': `// Rows of a batch of \`total\` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
// Sums over a workgroup of 256 threads as a tree: a fixed order, the same bits every time. All threads must call it.
var<workgroup> sums: array<vec2f, 256>;
fn workgroup_sum(value: vec2f, thread: u32) -> vec2f {
  sums[thread] = value;
  workgroupBarrier();
  for (var half = 128u; half > 0; half /= 2) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  return sums[0];
}
// Adds one step to the totals that stay on the device. Losses go to slot (steps done) % SLOTS, so that a sum of many steps
// does not lose digits: the host adds the slots up in float64. Who uses it binds
//   losses: array<f32>   // [SLOTS] sums of loss * rows
//   counts: array<u32>   // [4] correct, rows, steps, 1 if a loss was not finite
const SLOTS: u32 = 512;

fn add_to_totals(loss: f32, correct: f32, rows: u32) {
  losses[counts[2] % SLOTS] += loss * f32(rows);
  counts[0] += u32(correct);
  counts[1] += rows;
  counts[2] += 1;
  // On the bits: comparisons with NaN are compiled away on some drivers.
  if ((bitcast<u32>(loss) & 0x7f800000u) == 0x7f800000u) { counts[3] = 1; }
}
// Adds up (loss, correct) of all rows in a fixed order, by one workgroup. Dispatch 1.
// use: batch, step, workgroup_sum, totals
struct Params {
  rows: u32,
  accumulate: u32,         // 1: add to loss and correct (a later slice)
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  totals: u32,             // 1: add the step to losses and counts, with the last slice
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> parts: array<vec2f>;         // [rows]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;      // [1]
@group(0) @binding(4) var<storage, read_write> correct: array<f32>;   // [1]
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;    // [SLOTS]
@group(0) @binding(6) var<storage, read_write> counts: array<u32>;    // [4]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  var share = vec2f(0.0);
  for (var row = thread; row < p.rows; row += 256) { share += parts[row]; }
  var total = workgroup_sum(share, thread);
  if (thread == 0) {
    if (p.accumulate == 1) { total += vec2f(loss[0], correct[0]); }
    loss[0] = total.x;
    correct[0] = total.y;
    let is_last = p.base + p.rows == p.total;
    if (p.totals == 1 && is_last) { add_to_totals(total.x, total.y, valid_rows(step.rows, p.total)); }
  }
}
`,
  'strided_copy/strided_copy': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// Addresses of up to three operands of a walk over the elements of a result (src/kernels/strides.ts). The shader's
// Params hold \`rank: u32\` and \`axes: array<vec4u, 6>\`, innermost axis first: (extent, stride of a, of b, of c).
// A stride of 0 repeats an operand along that axis.
fn strided(i: u32) -> vec3u {
  var rest = i;
  var at = vec3u();
  for (var k = 0u; k + 1 < p.rank; k++) {
    let axis = p.axes[k];
    let outer = rest / axis.x;
    at += (rest - outer * axis.x) * axis.yzw;
    rest = outer;
  }
  return at + rest * p.axes[p.rank - 1].yzw;
}
// out[i] = scale * x[base + steps along the axes of out]: permuted, cut out or repeated, whatever the steps say.
// One element of out at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, strided
struct Params {
  size: u32, each: u32,
  rank: u32,
  base: u32,
  scale: f32,
  unused0: u32, unused1: u32, unused2: u32,
  axes: array<vec4u, 6>,   // of out, innermost first: (extent, step in x, 0, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = p.scale * x[p.base + strided(i).x];
}
`,
  'unary/forward': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// The one-operand functions, numbered as in src/kernels/unary.ts. The number is a constant, so one branch remains.
// Uses power() of lib/binary.wgsl.
fn unary(function: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * x + beta; }
    // Not max(x, 0): that would turn a NaN into 0 and hide it. The same holds for clamp().
    case 1u: { return select(x, 0.0, x <= 0.0); }
    case 2u: { return select(x, alpha * x, x <= 0.0); }
    case 3u: { return x * normal_cdf(x); }
    case 4u: { return sigmoid(x); }
    case 5u: { return hyperbolic_tangent(x); }
    case 6u: { return x * sigmoid(x); }
    case 7u: { return exp(x); }
    case 8u: { return log(x); }
    case 9u: { return sqrt(x); }
    case 10u: { return abs(x); }
    case 11u: { return select(select(x, beta, x > beta), alpha, x < alpha); }
    case 12u: { return power(x, alpha); }
    case 13u: { return alpha / x; }
    default: { return power(alpha, x); }
  }
}

// dL/dx from dy = dL/dy. \`saved\` is the function's operand x or its result y, whichever src/kernels/unary.ts says.
fn unary_gradient(function: u32, saved: f32, dy: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * dy; }
    case 1u: { return select(dy, 0.0, saved <= 0.0); }
    case 2u: { return select(dy, alpha * dy, saved <= 0.0); }
    case 3u: { return dy * (normal_cdf(saved) + saved * 0.3989422804 * exp(-0.5 * saved * saved)); }
    case 4u: { return dy * saved * (1.0 - saved); }
    case 5u: { return dy * (1.0 - saved) * (1.0 + saved); }
    case 6u: { let s = sigmoid(saved); return dy * (s + saved * s * (1.0 - s)); }
    case 7u: { return dy * saved; }
    case 8u: { return dy / saved; }
    case 9u: { return 0.5 * dy / saved; }
    case 10u: { return select(select(dy, -dy, saved < 0.0), 0.0, saved == 0.0); }
    case 11u: { return select(dy, 0.0, saved < alpha || saved > beta); }
    case 12u: {
      if (alpha == 0.0) { return 0.0; }
      return dy * alpha * power(saved, alpha - 1.0);
    }
    case 13u: { return -dy * alpha / (saved * saved); }
    default: { return dy * saved * log(alpha); }
  }
}

// exp only of what is not positive: nothing overflows, however large |x|.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// Near zero (1 - e) / (1 + e) cancels: there an odd polynomial, fitted at Chebyshev nodes, relative error 5e-9.
fn hyperbolic_tangent(x: f32) -> f32 {
  let u = x * x;
  if (u < 0.36) {
    let tail = ((((-0.00584964408 * u + 0.0207513496) * u - 0.0537679829) * u + 0.1333168) * u - 0.333332837) * u;
    return x + x * tail;
  }
  let e = exp(-2.0 * abs(x));
  let magnitude = (1.0 - e) / (1.0 + e);
  return select(-magnitude, magnitude, x >= 0.0);
}

// Distribution function of the standard normal: erfc(-x / sqrt 2) / 2. WGSL has no erf.
// With z = |x| / sqrt 2 and t = 1 / (1 + 0.4 z), erfc(z) = t exp(-z^2) P(t). P is smooth on (0, 1] and was fitted at
// Chebyshev nodes: relative error below 2e-8 for all z, so that the tail keeps its digits too.
fn normal_cdf(x: f32) -> f32 {
  let z = abs(x) * 0.7071067812;
  let t = 1.0 / (1.0 + 0.4 * z);
  let high = (((-0.0298686288 * t + 0.143841073) * t - 0.243041739) * t + 0.146803245) * t - 0.0537931658;
  let low = ((((high * t + 0.0871206447) * t + 0.118095122) * t + 0.171890572) * t + 0.207600728) * t;
  let half_erfc = 0.5 * t * exp(-z * z) * ((low + 0.225676313) * t + 0.225675836);
  return select(half_erfc, 1.0 - half_erfc, x >= 0.0);
}
// out[i] = f(x[i]).  One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  alpha: f32, beta: f32,   // what the function takes besides (slope, bounds, exponent)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = unary(FN, x[i], p.alpha, p.beta);
}
`,
  'unary/forward_vec4': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// The one-operand functions, numbered as in src/kernels/unary.ts. The number is a constant, so one branch remains.
// Uses power() of lib/binary.wgsl.
fn unary(function: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * x + beta; }
    // Not max(x, 0): that would turn a NaN into 0 and hide it. The same holds for clamp().
    case 1u: { return select(x, 0.0, x <= 0.0); }
    case 2u: { return select(x, alpha * x, x <= 0.0); }
    case 3u: { return x * normal_cdf(x); }
    case 4u: { return sigmoid(x); }
    case 5u: { return hyperbolic_tangent(x); }
    case 6u: { return x * sigmoid(x); }
    case 7u: { return exp(x); }
    case 8u: { return log(x); }
    case 9u: { return sqrt(x); }
    case 10u: { return abs(x); }
    case 11u: { return select(select(x, beta, x > beta), alpha, x < alpha); }
    case 12u: { return power(x, alpha); }
    case 13u: { return alpha / x; }
    default: { return power(alpha, x); }
  }
}

// dL/dx from dy = dL/dy. \`saved\` is the function's operand x or its result y, whichever src/kernels/unary.ts says.
fn unary_gradient(function: u32, saved: f32, dy: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * dy; }
    case 1u: { return select(dy, 0.0, saved <= 0.0); }
    case 2u: { return select(dy, alpha * dy, saved <= 0.0); }
    case 3u: { return dy * (normal_cdf(saved) + saved * 0.3989422804 * exp(-0.5 * saved * saved)); }
    case 4u: { return dy * saved * (1.0 - saved); }
    case 5u: { return dy * (1.0 - saved) * (1.0 + saved); }
    case 6u: { let s = sigmoid(saved); return dy * (s + saved * s * (1.0 - s)); }
    case 7u: { return dy * saved; }
    case 8u: { return dy / saved; }
    case 9u: { return 0.5 * dy / saved; }
    case 10u: { return select(select(dy, -dy, saved < 0.0), 0.0, saved == 0.0); }
    case 11u: { return select(dy, 0.0, saved < alpha || saved > beta); }
    case 12u: {
      if (alpha == 0.0) { return 0.0; }
      return dy * alpha * power(saved, alpha - 1.0);
    }
    case 13u: { return -dy * alpha / (saved * saved); }
    default: { return dy * saved * log(alpha); }
  }
}

// exp only of what is not positive: nothing overflows, however large |x|.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// Near zero (1 - e) / (1 + e) cancels: there an odd polynomial, fitted at Chebyshev nodes, relative error 5e-9.
fn hyperbolic_tangent(x: f32) -> f32 {
  let u = x * x;
  if (u < 0.36) {
    let tail = ((((-0.00584964408 * u + 0.0207513496) * u - 0.0537679829) * u + 0.1333168) * u - 0.333332837) * u;
    return x + x * tail;
  }
  let e = exp(-2.0 * abs(x));
  let magnitude = (1.0 - e) / (1.0 + e);
  return select(-magnitude, magnitude, x >= 0.0);
}

// Distribution function of the standard normal: erfc(-x / sqrt 2) / 2. WGSL has no erf.
// With z = |x| / sqrt 2 and t = 1 / (1 + 0.4 z), erfc(z) = t exp(-z^2) P(t). P is smooth on (0, 1] and was fitted at
// Chebyshev nodes: relative error below 2e-8 for all z, so that the tail keeps its digits too.
fn normal_cdf(x: f32) -> f32 {
  let z = abs(x) * 0.7071067812;
  let t = 1.0 / (1.0 + 0.4 * z);
  let high = (((-0.0298686288 * t + 0.143841073) * t - 0.243041739) * t + 0.146803245) * t - 0.0537931658;
  let low = ((((high * t + 0.0871206447) * t + 0.118095122) * t + 0.171890572) * t + 0.207600728) * t;
  let half_erfc = 0.5 * t * exp(-z * z) * ((low + 0.225676313) * t + 0.225675836);
  return select(half_erfc, 1.0 - half_erfc, x >= 0.0);
}
// out[i] = f(x[i]).  Four elements at a time: a fourth of the index arithmetic and of the checks of bounds. Needs
// size % 4 == 0, p.size counts fours. Dispatch ceil(size / (64 each)), folded.
// use: elements, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  alpha: f32, beta: f32,   // what the function takes besides (slope, bounds, exponent)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;           // [size]
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;   // [size]

fn element(i: u32) {
  let v = x[i];
  out[i] = vec4f(
    unary(FN, v.x, p.alpha, p.beta),
    unary(FN, v.y, p.alpha, p.beta),
    unary(FN, v.z, p.alpha, p.beta),
    unary(FN, v.w, p.alpha, p.beta),
  );
}
`,
  'unary/gradient': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// The one-operand functions, numbered as in src/kernels/unary.ts. The number is a constant, so one branch remains.
// Uses power() of lib/binary.wgsl.
fn unary(function: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * x + beta; }
    // Not max(x, 0): that would turn a NaN into 0 and hide it. The same holds for clamp().
    case 1u: { return select(x, 0.0, x <= 0.0); }
    case 2u: { return select(x, alpha * x, x <= 0.0); }
    case 3u: { return x * normal_cdf(x); }
    case 4u: { return sigmoid(x); }
    case 5u: { return hyperbolic_tangent(x); }
    case 6u: { return x * sigmoid(x); }
    case 7u: { return exp(x); }
    case 8u: { return log(x); }
    case 9u: { return sqrt(x); }
    case 10u: { return abs(x); }
    case 11u: { return select(select(x, beta, x > beta), alpha, x < alpha); }
    case 12u: { return power(x, alpha); }
    case 13u: { return alpha / x; }
    default: { return power(alpha, x); }
  }
}

// dL/dx from dy = dL/dy. \`saved\` is the function's operand x or its result y, whichever src/kernels/unary.ts says.
fn unary_gradient(function: u32, saved: f32, dy: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * dy; }
    case 1u: { return select(dy, 0.0, saved <= 0.0); }
    case 2u: { return select(dy, alpha * dy, saved <= 0.0); }
    case 3u: { return dy * (normal_cdf(saved) + saved * 0.3989422804 * exp(-0.5 * saved * saved)); }
    case 4u: { return dy * saved * (1.0 - saved); }
    case 5u: { return dy * (1.0 - saved) * (1.0 + saved); }
    case 6u: { let s = sigmoid(saved); return dy * (s + saved * s * (1.0 - s)); }
    case 7u: { return dy * saved; }
    case 8u: { return dy / saved; }
    case 9u: { return 0.5 * dy / saved; }
    case 10u: { return select(select(dy, -dy, saved < 0.0), 0.0, saved == 0.0); }
    case 11u: { return select(dy, 0.0, saved < alpha || saved > beta); }
    case 12u: {
      if (alpha == 0.0) { return 0.0; }
      return dy * alpha * power(saved, alpha - 1.0);
    }
    case 13u: { return -dy * alpha / (saved * saved); }
    default: { return dy * saved * log(alpha); }
  }
}

// exp only of what is not positive: nothing overflows, however large |x|.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// Near zero (1 - e) / (1 + e) cancels: there an odd polynomial, fitted at Chebyshev nodes, relative error 5e-9.
fn hyperbolic_tangent(x: f32) -> f32 {
  let u = x * x;
  if (u < 0.36) {
    let tail = ((((-0.00584964408 * u + 0.0207513496) * u - 0.0537679829) * u + 0.1333168) * u - 0.333332837) * u;
    return x + x * tail;
  }
  let e = exp(-2.0 * abs(x));
  let magnitude = (1.0 - e) / (1.0 + e);
  return select(-magnitude, magnitude, x >= 0.0);
}

// Distribution function of the standard normal: erfc(-x / sqrt 2) / 2. WGSL has no erf.
// With z = |x| / sqrt 2 and t = 1 / (1 + 0.4 z), erfc(z) = t exp(-z^2) P(t). P is smooth on (0, 1] and was fitted at
// Chebyshev nodes: relative error below 2e-8 for all z, so that the tail keeps its digits too.
fn normal_cdf(x: f32) -> f32 {
  let z = abs(x) * 0.7071067812;
  let t = 1.0 / (1.0 + 0.4 * z);
  let high = (((-0.0298686288 * t + 0.143841073) * t - 0.243041739) * t + 0.146803245) * t - 0.0537931658;
  let low = ((((high * t + 0.0871206447) * t + 0.118095122) * t + 0.171890572) * t + 0.207600728) * t;
  let half_erfc = 0.5 * t * exp(-z * z) * ((low + 0.225676313) * t + 0.225675836);
  return select(half_erfc, 1.0 - half_erfc, x >= 0.0);
}
// dx[i] = dy[i] f'(x[i]), from the function's operand x or its result y (\`saved\`), whichever is cheaper.
// One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  alpha: f32, beta: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> saved: array<f32>;       // [size], x or y
@group(0) @binding(2) var<storage, read> dy: array<f32>;          // [size]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  out[i] = unary_gradient(FN, saved[i], dy[i], p.alpha, p.beta);
}
`,
  'unary/gradient_vec4': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
// The one-operand functions, numbered as in src/kernels/unary.ts. The number is a constant, so one branch remains.
// Uses power() of lib/binary.wgsl.
fn unary(function: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * x + beta; }
    // Not max(x, 0): that would turn a NaN into 0 and hide it. The same holds for clamp().
    case 1u: { return select(x, 0.0, x <= 0.0); }
    case 2u: { return select(x, alpha * x, x <= 0.0); }
    case 3u: { return x * normal_cdf(x); }
    case 4u: { return sigmoid(x); }
    case 5u: { return hyperbolic_tangent(x); }
    case 6u: { return x * sigmoid(x); }
    case 7u: { return exp(x); }
    case 8u: { return log(x); }
    case 9u: { return sqrt(x); }
    case 10u: { return abs(x); }
    case 11u: { return select(select(x, beta, x > beta), alpha, x < alpha); }
    case 12u: { return power(x, alpha); }
    case 13u: { return alpha / x; }
    default: { return power(alpha, x); }
  }
}

// dL/dx from dy = dL/dy. \`saved\` is the function's operand x or its result y, whichever src/kernels/unary.ts says.
fn unary_gradient(function: u32, saved: f32, dy: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * dy; }
    case 1u: { return select(dy, 0.0, saved <= 0.0); }
    case 2u: { return select(dy, alpha * dy, saved <= 0.0); }
    case 3u: { return dy * (normal_cdf(saved) + saved * 0.3989422804 * exp(-0.5 * saved * saved)); }
    case 4u: { return dy * saved * (1.0 - saved); }
    case 5u: { return dy * (1.0 - saved) * (1.0 + saved); }
    case 6u: { let s = sigmoid(saved); return dy * (s + saved * s * (1.0 - s)); }
    case 7u: { return dy * saved; }
    case 8u: { return dy / saved; }
    case 9u: { return 0.5 * dy / saved; }
    case 10u: { return select(select(dy, -dy, saved < 0.0), 0.0, saved == 0.0); }
    case 11u: { return select(dy, 0.0, saved < alpha || saved > beta); }
    case 12u: {
      if (alpha == 0.0) { return 0.0; }
      return dy * alpha * power(saved, alpha - 1.0);
    }
    case 13u: { return -dy * alpha / (saved * saved); }
    default: { return dy * saved * log(alpha); }
  }
}

// exp only of what is not positive: nothing overflows, however large |x|.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// Near zero (1 - e) / (1 + e) cancels: there an odd polynomial, fitted at Chebyshev nodes, relative error 5e-9.
fn hyperbolic_tangent(x: f32) -> f32 {
  let u = x * x;
  if (u < 0.36) {
    let tail = ((((-0.00584964408 * u + 0.0207513496) * u - 0.0537679829) * u + 0.1333168) * u - 0.333332837) * u;
    return x + x * tail;
  }
  let e = exp(-2.0 * abs(x));
  let magnitude = (1.0 - e) / (1.0 + e);
  return select(-magnitude, magnitude, x >= 0.0);
}

// Distribution function of the standard normal: erfc(-x / sqrt 2) / 2. WGSL has no erf.
// With z = |x| / sqrt 2 and t = 1 / (1 + 0.4 z), erfc(z) = t exp(-z^2) P(t). P is smooth on (0, 1] and was fitted at
// Chebyshev nodes: relative error below 2e-8 for all z, so that the tail keeps its digits too.
fn normal_cdf(x: f32) -> f32 {
  let z = abs(x) * 0.7071067812;
  let t = 1.0 / (1.0 + 0.4 * z);
  let high = (((-0.0298686288 * t + 0.143841073) * t - 0.243041739) * t + 0.146803245) * t - 0.0537931658;
  let low = ((((high * t + 0.0871206447) * t + 0.118095122) * t + 0.171890572) * t + 0.207600728) * t;
  let half_erfc = 0.5 * t * exp(-z * z) * ((low + 0.225676313) * t + 0.225675836);
  return select(half_erfc, 1.0 - half_erfc, x >= 0.0);
}
// dx[i] = dy[i] f'(x[i]), from the function's operand x or its result y (\`saved\`), whichever is cheaper.
// Four elements at a time: a fourth of the index arithmetic and of the checks of bounds. Needs size % 4 == 0, p.size
// counts fours. Dispatch ceil(size / (64 each)), folded.
// use: elements, binary, unary
const FN: u32 = 0;
struct Params {
  size: u32, each: u32,
  alpha: f32, beta: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> saved: array<vec4f>;       // [size], x or y
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;          // [size]
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;   // [size]

fn element(i: u32) {
  let s = saved[i];
  let g = dy[i];
  out[i] = vec4f(
    unary_gradient(FN, s.x, g.x, p.alpha, p.beta),
    unary_gradient(FN, s.y, g.y, p.alpha, p.beta),
    unary_gradient(FN, s.z, g.z, p.alpha, p.beta),
    unary_gradient(FN, s.w, g.w, p.alpha, p.beta),
  );
}
`,
  'where/where': `// Entry point of the elementwise kernels: calls the shader's element(i) for every i below p.size. A workgroup of 64
// threads takes p.each blocks of 64 elements (src/kernels/elements.ts), so that neighbouring threads always work on
// neighbouring elements.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first = (wid.x + wid.y * groups.x) * 64 * p.each + t;
  for (var block = 0u; block < p.each; block++) {
    let i = first + block * 64;
    if (i < p.size) { element(i); }
  }
}
// Addresses of up to three operands of a walk over the elements of a result (src/kernels/strides.ts). The shader's
// Params hold \`rank: u32\` and \`axes: array<vec4u, 6>\`, innermost axis first: (extent, stride of a, of b, of c).
// A stride of 0 repeats an operand along that axis.
fn strided(i: u32) -> vec3u {
  var rest = i;
  var at = vec3u();
  for (var k = 0u; k + 1 < p.rank; k++) {
    let axis = p.axes[k];
    let outer = rest / axis.x;
    at += (rest - outer * axis.x) * axis.yzw;
    rest = outer;
  }
  return at + rest * p.axes[p.rank - 1].yzw;
}
// out = condition != 0 ? a : b with NumPy broadcasting: each operand is addressed by strides, 0 where it is repeated.
// One element of out at a time (at most 6 axes after neighbours are merged); dispatch ceil(size / (64 each)), folded.
// use: elements, strided
struct Params {
  size: u32, each: u32,
  rank: u32,
  unused: u32,
  axes: array<vec4u, 6>,   // innermost first: (extent, strides of condition, a, b)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> condition: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;   // [size]

fn element(i: u32) {
  let at = strided(i);
  out[i] = select(a[at.y], b[at.z], condition[at.x] == 0.0);
}
`,
  'winograd/input': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Winograd's minimal filtering F(M x M, 3 x 3), M = 2 or 4: a tile of D x D input pixels, D = M + 2, gives M x M output
// pixels by D x D products for each pair of channels instead of 9 M x M (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015):
//
//   Y = A^T [ (G g G^T) . (B^T d B) ] A          d tile of the input, g kernel, . elementwise, summed over input channels
//
// Here are the three transforms along one axis; arrays hold 6 values, of which M = 2 uses the first 4.
const M: u32 = 2;
const D: u32 = M + 2;

fn transform_input(d: array<f32, 6>) -> array<f32, 6> {
  if (M == 2) {
    return array(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3], 0.0, 0.0);
  }
  let even = d[4] - 4 * d[2];
  let odd = d[3] - 4 * d[1];
  let even2 = d[4] - d[2];
  let odd2 = 2 * (d[3] - d[1]);
  return array(4 * d[0] - 5 * d[2] + d[4], even + odd, even - odd, even2 + odd2, even2 - odd2, 4 * d[1] - 5 * d[3] + d[5]);
}

fn transform_kernel(g0: vec4f, g1: vec4f, g2: vec4f) -> array<vec4f, 6> {
  if (M == 2) {
    let sum = g0 + g2;
    return array(g0, (sum + g1) / 2, (sum - g1) / 2, g2, vec4f(), vec4f());
  }
  let sum = g0 + g2;
  let far = g0 / 24 + g2 / 6;
  return array(g0 / 4, -(sum + g1) / 6, -(sum - g1) / 6, far + g1 / 12, far - g1 / 12, g2);
}

fn transform_output(m: array<vec4f, 6>) -> array<vec4f, 4> {
  if (M == 2) {
    return array(m[0] + m[1] + m[2], m[1] - m[2] - m[3], vec4f(), vec4f());
  }
  let near = m[1] + m[2];
  let near_odd = m[1] - m[2];
  let far = m[3] + m[4];
  let far_odd = m[3] - m[4];
  return array(m[0] + near + far, near_odd + 2 * far_odd, near + 4 * far, near_odd + 8 * far_odd + m[5]);
}
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
`,
  'winograd/kernel': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Winograd's minimal filtering F(M x M, 3 x 3), M = 2 or 4: a tile of D x D input pixels, D = M + 2, gives M x M output
// pixels by D x D products for each pair of channels instead of 9 M x M (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015):
//
//   Y = A^T [ (G g G^T) . (B^T d B) ] A          d tile of the input, g kernel, . elementwise, summed over input channels
//
// Here are the three transforms along one axis; arrays hold 6 values, of which M = 2 uses the first 4.
const M: u32 = 2;
const D: u32 = M + 2;

fn transform_input(d: array<f32, 6>) -> array<f32, 6> {
  if (M == 2) {
    return array(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3], 0.0, 0.0);
  }
  let even = d[4] - 4 * d[2];
  let odd = d[3] - 4 * d[1];
  let even2 = d[4] - d[2];
  let odd2 = 2 * (d[3] - d[1]);
  return array(4 * d[0] - 5 * d[2] + d[4], even + odd, even - odd, even2 + odd2, even2 - odd2, 4 * d[1] - 5 * d[3] + d[5]);
}

fn transform_kernel(g0: vec4f, g1: vec4f, g2: vec4f) -> array<vec4f, 6> {
  if (M == 2) {
    let sum = g0 + g2;
    return array(g0, (sum + g1) / 2, (sum - g1) / 2, g2, vec4f(), vec4f());
  }
  let sum = g0 + g2;
  let far = g0 / 24 + g2 / 6;
  return array(g0 / 4, -(sum + g1) / 6, -(sum - g1) / 6, far + g1 / 12, far - g1 / 12, g2);
}

fn transform_output(m: array<vec4f, 6>) -> array<vec4f, 4> {
  if (M == 2) {
    return array(m[0] + m[1] + m[2], m[1] - m[2] - m[3], vec4f(), vec4f());
  }
  let near = m[1] + m[2];
  let near_odd = m[1] - m[2];
  let far = m[3] + m[4];
  let far_odd = m[3] - m[4];
  return array(m[0] + near + far, near_odd + 2 * far_odd, near + 4 * far, near_odd + 8 * far_odd + m[5]);
}
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
`,
  'winograd/output': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// Winograd's minimal filtering F(M x M, 3 x 3), M = 2 or 4: a tile of D x D input pixels, D = M + 2, gives M x M output
// pixels by D x D products for each pair of channels instead of 9 M x M (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015):
//
//   Y = A^T [ (G g G^T) . (B^T d B) ] A          d tile of the input, g kernel, . elementwise, summed over input channels
//
// Here are the three transforms along one axis; arrays hold 6 values, of which M = 2 uses the first 4.
const M: u32 = 2;
const D: u32 = M + 2;

fn transform_input(d: array<f32, 6>) -> array<f32, 6> {
  if (M == 2) {
    return array(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3], 0.0, 0.0);
  }
  let even = d[4] - 4 * d[2];
  let odd = d[3] - 4 * d[1];
  let even2 = d[4] - d[2];
  let odd2 = 2 * (d[3] - d[1]);
  return array(4 * d[0] - 5 * d[2] + d[4], even + odd, even - odd, even2 + odd2, even2 - odd2, 4 * d[1] - 5 * d[3] + d[5]);
}

fn transform_kernel(g0: vec4f, g1: vec4f, g2: vec4f) -> array<vec4f, 6> {
  if (M == 2) {
    let sum = g0 + g2;
    return array(g0, (sum + g1) / 2, (sum - g1) / 2, g2, vec4f(), vec4f());
  }
  let sum = g0 + g2;
  let far = g0 / 24 + g2 / 6;
  return array(g0 / 4, -(sum + g1) / 6, -(sum - g1) / 6, far + g1 / 12, far - g1 / 12, g2);
}

fn transform_output(m: array<vec4f, 6>) -> array<vec4f, 4> {
  if (M == 2) {
    return array(m[0] + m[1] + m[2], m[1] - m[2] - m[3], vec4f(), vec4f());
  }
  let near = m[1] + m[2];
  let near_odd = m[1] - m[2];
  let far = m[3] + m[4];
  let far_odd = m[3] - m[4];
  return array(m[0] + near + far, near_odd + 2 * far_odd, near + 4 * far, near_odd + 8 * far_odd + m[5]);
}
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
`,
  'winograd/product_strip': `enable subgroups;
// The products of Winograd's convolution on a software adapter: for every position, tiles x channels times the
// transformed kernel, which is read through a uniform buffer.
//
//   M[position][tile][c] = sum_k V[position][tile][k] * U[position][k][c]
//
// tile:  one workgroup = one subgroup of 8 lanes: TM tiles x 32 QUADS channels, a lane owns 4 neighbouring channels of every
//        32. A lane loads four tiles' values of one k as a vec4, 8 lanes those of 8 k, which are then broadcast one after
//        another: a value loaded once serves all channels, a vec4 of the kernel all tiles.
// dispatch: p.positions * stride / TM workgroups, folded, for each block of 32 QUADS channels and each window of 64 KiB into U:
//        either several whole positions, or part of one's k (then all after the first set \`accumulate\`).
// needs: subgroups of SG lanes; stride a multiple of TM and k padded to a multiple of SG: nothing is checked.
// good for: software adapters. instead: product_tile.wgsl on GPUs, and for channels that are no multiple of 4.
const SG: u32 = 8;
const QUADS: u32 = 2;      // vec4s of channels a lane: 2 where that leaves no lane idle
const TM: u32 = 16;        // tiles a workgroup
const WSIZE: u32 = 4096;   // vec4s bound: always all 64 KiB, so that pipelines stay few

struct Params {
  stride: u32,      // tiles from position to position
  padded: u32,      // channels k in V
  quads: u32,       // vec4s of channels c in M
  position: u32,    // first position of this window
  positions: u32,
  k0: u32,          // first k of this window
  kBlocks: u32,     // its length / SG
  quad0: u32,       // first vec4 of channels
  accumulate: u32,  // 1: add to what M holds
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> v: array<vec4f>;        // [positions, stride / 4, padded] x 4 tiles
@group(0) @binding(2) var<uniform> u: array<vec4f, WSIZE>;       // [p.positions, kBlocks * SG, QUADS, lane] x 4 channels
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;  // [positions, stride, quads]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let strips = p.stride / TM;
  let id = wid.x + wid.y * nwg.x;
  if (id >= strips * p.positions) { return; }  // the whole subgroup returns: uniform
  let position = id / strips;
  let row0 = (p.position + position) * p.stride + id % strips * TM;
  var acc: array<array<vec4f, TM>, QUADS>;
  for (var block = 0u; block < p.kBlocks; block++) {
    let k = p.k0 + block * SG + lane;
    var tiles: array<vec4f, TM / 4>;
    for (var r = 0u; r < TM / 4; r++) { tiles[r] = v[(row0 / 4 + r) * p.padded + k]; }
    var at = (position * p.kBlocks + block) * SG * SG * QUADS + lane;
    for (var i = 0u; i < SG; i++) {
      var w: array<vec4f, QUADS>;
      for (var q = 0u; q < QUADS; q++) { w[q] = u[at + q * SG]; }
      at += SG * QUADS;
      for (var r = 0u; r < TM / 4; r++) {
        let t = subgroupShuffle(tiles[r], i);  // value i of the block for four tiles, the same in all lanes
        for (var q = 0u; q < QUADS; q++) {
          acc[q][4 * r] += t.x * w[q];
          acc[q][4 * r + 1] += t.y * w[q];
          acc[q][4 * r + 2] += t.z * w[q];
          acc[q][4 * r + 3] += t.w * w[q];
        }
      }
    }
  }
  for (var s = 0u; s < TM * QUADS; s++) {
    let o = (row0 + s / QUADS) * p.quads + p.quad0 + s % QUADS * SG + lane;
    var sum = acc[s % QUADS][s / QUADS];
    if (p.accumulate != 0) { sum += m[o]; }
    m[o] = sum;
  }
}
`,
  'winograd/product_tile': `// The products of Winograd's convolution through workgroup memory: for every position a matrix product,
//
//   M[position][tile][c] = sum_k V[position][tile][k] * U[position][k][c]
//
// 256 threads compute 64 tiles x 64 channels; for 16 values of k they load both matrices' parts into workgroup memory,
// every value once, and each thread multiplies 4 tiles with 4 channels.
// Dispatch stride / 64 * quads / 16 workgroups for each of \`positions\`, folded, channels first.
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
`,
} as const;

export type ShaderName = keyof typeof shaders;
