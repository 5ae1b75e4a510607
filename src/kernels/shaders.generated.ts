// Made by `npm run shaders` from shaders/**/*.wgsl; edit those.
export const shaders = {
  'binary/broadcast': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    default: { return power(a, b); }
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
// out[i] = f(a, b) with NumPy broadcasting: a and b are addressed by strides, 0 along the axes they are repeated over.
// One thread an element of out (at most 6 axes); dispatch ceil(size / 64), folded.
// use: grid, binary
const FN: u32 = 0;
struct Params {
  size: u32,
  shape0: u32, shape1: u32, shape2: u32, shape3: u32, shape4: u32, shape5: u32,
  a0: u32, a1: u32, a2: u32, a3: u32, a4: u32, a5: u32,
  b0: u32, b1: u32, b2: u32, b3: u32, b4: u32, b5: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [shape0, ..., shape5]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.size) { return; }
  var rest = i;
  let i5 = rest % p.shape5; rest /= p.shape5;
  let i4 = rest % p.shape4; rest /= p.shape4;
  let i3 = rest % p.shape3; rest /= p.shape3;
  let i2 = rest % p.shape2; rest /= p.shape2;
  let i1 = rest % p.shape1;
  let i0 = rest / p.shape1;
  let ia = i0 * p.a0 + i1 * p.a1 + i2 * p.a2 + i3 * p.a3 + i4 * p.a4 + i5 * p.a5;
  let ib = i0 * p.b0 + i1 * p.b1 + i2 * p.b2 + i3 * p.b3 + i4 * p.b4 + i5 * p.b5;
  out[i] = binary(FN, a[ia], b[ib]);
}
`,
  'binary/same_shape': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    default: { return power(a, b); }
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
// out[i] = f(a[i], b[i]) for tensors of one shape.  One thread an element; dispatch ceil(size / 64), folded.
// The common case (sums of gradients, residual connections): no index arithmetic, one load for each operand.
// use: grid, binary
const FN: u32 = 0;
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read> b: array<f32>;           // [size]
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i < p.size) { out[i] = binary(FN, a[i], b[i]); }
}
`,
  'conv2d/direct_strip': `enable subgroups;
// 2-D convolution, stride 1, forward; and, with flipped weights, its input gradient.
//
//   y[n,oy,ox,co] = act( bias[co] + sum_{kh,kw,ci} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * W[kh,kw,ci,co] )
//
// dX of a stride-1 convolution is the same sum: x := dY, weights repacked with FLIP = 1, cin and cout exchanged,
// h,w := the forward's oh,ow and oh,ow := the forward's h,w, padTop := KH-1-padTop, padLeft := KW-1-padLeft.
//
// tile:  one workgroup = one subgroup of 8 lanes. A lane owns 4 output channels (one vec4), so a subgroup CB = 32.
//        It accumulates SEGS row segments of COLS pixels each (rows counted through all images: n*oh + oy).
//        For 8 input channels and one kernel row it loads the segment's COLS+KW-1 inputs, one channel a lane, then
//        broadcasts channel after channel: a value loaded once serves KW taps and 32 output channels, a weight
//        (vec4 from a uniform buffer, the cheapest load lavapipe has) serves all pixels of the tile.
// dispatch: ceil(n*oh / SEGS) * ceil(ow / COLS) workgroups, folded to 2-D; one dispatch for each block of 32 output
//        channels and each slice of input channels that fits 64 KiB (slice sizes and layout: repack_uniform.wgsl).
//        Slices after the first set \`accumulate\`; only the last sets \`bias\` and \`relu\`.
// good for: lavapipe, where load instructions decide. On GPUs, workgroup-memory tiles win.
// instead:  first_layer.wgsl below 8 input channels; other kernels for stride > 1 or very many slices (512 -> 512).

const SG: u32 = 8;          // subgroup size the device must have
const CB: u32 = SG * 4;     // output channels a workgroup
const SEGS: u32 = 1;        // row segments a tile; more than 1 pays for very narrow pictures
const COLS: u32 = 7;        // pixels a segment
const KW: u32 = 3;          // kernel width; the height is free (p.kh)
const WSIZE: u32 = 2304;    // vec4s in one weight slice: sliceRed * kh * KW * SG (at most 4096)
const IC: u32 = COLS + KW - 1;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  padTop: i32, padLeft: i32,
  ci0: u32,         // first input channel of this slice
  ciCount: u32,     // its channels, rounded up to a multiple of SG
  co0: u32,         // first output channel of this block
  accumulate: u32,  // 1: add to what y holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [n, h, w, cin]
@group(0) @binding(2) var<uniform> weights: array<vec4f, WSIZE>; // [ciCount, kh, KW, lane] x 4 output channels
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [cout]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> y: array<f32>;    // [n, oh, ow, cout]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let strips = (p.ow + COLS - 1) / COLS;
  let rows = p.n * p.oh;
  let id = wid.x + wid.y * nwg.x;
  if (id >= strips * ((rows + SEGS - 1) / SEGS)) { return; }  // the whole subgroup returns: uniform
  let ox0 = (id % strips) * COLS;
  let row0 = (id / strips) * SEGS;

  var acc: array<array<vec4f, COLS>, SEGS>;
  for (var cb = 0u; cb < p.ciCount; cb += SG) {
    let ci = p.ci0 + cb + lane;
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
      var at = (cb * p.kh + kh) * (KW * SG) + lane;
      for (var u = 0u; u < SG; u++) {
        var b: array<array<f32, IC>, SEGS>;  // channel cb + u, the same in all lanes
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
      let base = ((row0 + s) * p.ow + ox0 + c) * p.cout;
      for (var k = 0u; k < 4; k++) {
        let co = c0 + k;
        if (row0 + s < rows && ox0 + c < p.ow && co < p.cout) {
          var v = acc[s][c][k];
          if (p.accumulate != 0) { v += y[base + co]; }
          if (p.bias != 0) { v += bias[co]; }
          if (p.relu != 0) { v = select(v, 0.0, v <= 0.0); }
          y[base + co] = v;
        }
      }
    }
  }
}
`,
  'conv2d/grad_kernel_strip': `enable subgroups;
// Kernel gradient (and bias gradient) of a stride-1 convolution: partial sums, one set a share of the rows.
//
//   dW[kh,kw,ci,co] = sum_{n,oy,ox} x[n, oy+kh-padTop, ox+kw-padLeft, ci] * dY[n,oy,ox,co]      db[co] = sum dY
//
// tile:  one workgroup = one subgroup of 8 lanes: 8 input channels x 32 output channels (a vec4 a lane) x KR kernel
//        rows x KW. It walks the rows (n*oh + oy) of its share in steps of PX pixels, loads PX vec4 of dY and, for
//        each kernel row, PX+KW-1 inputs (one channel a lane), and broadcasts channel after channel.
// dispatch: ceil(cin/8) * ceil(cout/32) * ceil(kh/KR) * shares workgroups, folded to 2-D; then sum_parts.wgsl.
// scratch: parts, shares * (kh*KW*cin*cout + cout) floats.
// good for: lavapipe. Take shares so that there are at least about 16 workgroups and at most n*oh shares.

const SG: u32 = 8;
const KW: u32 = 3;
const KR: u32 = 1;   // kernel rows a workgroup
const PX: u32 = 7;   // pixels a step; should divide the width or be near it
const IC: u32 = PX + KW - 1;

struct Params {
  n: u32, h: u32, w: u32, cin: u32,
  oh: u32, ow: u32, cout: u32, kh: u32,
  padTop: i32, padLeft: i32,
  shares: u32,
  rowsPerShare: u32,   // ceil(n*oh / shares)
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [n, h, w, cin]
@group(0) @binding(2) var<storage, read> dy: array<f32>;            // [n, oh, ow, cout]
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;   // [shares, kh*KW*cin*cout + cout]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let ciBlocks = (p.cin + SG - 1) / SG;
  let coBlocks = (p.cout + SG * 4 - 1) / (SG * 4);
  let khBlocks = (p.kh + KR - 1) / KR;
  let id = wid.x + wid.y * nwg.x;
  if (id >= ciBlocks * coBlocks * khBlocks * p.shares) { return; }  // uniform
  let ci0 = (id % ciBlocks) * SG;
  let kh0 = ((id / ciBlocks) % khBlocks) * KR;
  let co = ((id / (ciBlocks * khBlocks)) % coBlocks) * (SG * 4) + lane * 4;
  let share = id / (ciBlocks * khBlocks * coBlocks);
  let ci = ci0 + lane;

  var acc: array<array<array<vec4f, KW>, SG>, KR>;
  var db = vec4f();
  let end = min((share + 1) * p.rowsPerShare, p.n * p.oh);
  for (var row = share * p.rowsPerShare; row < end; row++) {
    let oy = row % p.oh;
    let image = row / p.oh;
    for (var ox0 = 0u; ox0 < p.ow; ox0 += PX) {
      var g: array<vec4f, PX>;
      for (var c = 0u; c < PX; c++) {
        let base = (row * p.ow + ox0 + c) * p.cout + co;
        let ok = vec4<bool>(ox0 + c < p.ow) & (vec4u(co) + vec4u(0, 1, 2, 3) < vec4u(p.cout));
        let at = select(vec4u(0), vec4u(base) + vec4u(0, 1, 2, 3), ok);
        g[c] = select(vec4f(), vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), ok);
        db += g[c];
      }
      for (var r = 0u; r < KR; r++) {
        let iy = i32(oy + kh0 + r) - p.padTop;
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
            for (var c = 0u; c < PX; c++) { acc[r][u][kw] += b[c + kw] * g[c]; }
          }
        }
      }
    }
  }

  let size = p.kh * KW * p.cin * p.cout;
  let out = share * (size + p.cout);
  for (var r = 0u; r < KR; r++) {
    for (var u = 0u; u < SG; u++) {
      for (var kw = 0u; kw < KW; kw++) {
        for (var k = 0u; k < 4; k++) {
          if (kh0 + r < p.kh && ci0 + u < p.cin && co + k < p.cout) {
            parts[out + (((kh0 + r) * KW + kw) * p.cin + ci0 + u) * p.cout + co + k] = acc[r][u][kw][k];
          }
        }
      }
    }
  }
  if (ci0 == 0 && kh0 == 0) {
    for (var k = 0u; k < 4; k++) {
      if (co + k < p.cout) { parts[out + size + co + k] = db[k]; }
    }
  }
}
`,
  'conv2d/repack_uniform': `// Repack a convolution kernel, HWIO, into the slices that direct_strip.wgsl reads through a uniform buffer.
//
//   forward (FLIP 0):  out[block][slice][ci][kh][kw][c]  = W[kh][kw][ci][block*CB + c]            a = ci, o = co
//   dX      (FLIP 1):  out[block][slice][co][kh][kw][c]  = W[KH-1-kh][KW-1-kw][block*CB + c][co]  a = co, o = ci
//
// \`red\` names the channels that are summed over and \`out\` those that come out: (cin, cout) forward, (cout, cin) for dX.
// CB = 32 output channels a block (4 for each of 8 lanes). Channels beyond the end are written as zeros, so the
// convolution needs no test for them. A slice holds sliceRed summed channels (a multiple of 8) and starts at a
// multiple of sliceStride floats (the host rounds sliceRed*KH*KW*CB up to 64 floats = 256 bytes): a binding offset.
//
// dispatch: ceil(blocks * slices * sliceStride / 64), folded to 2-D.   One thread writes one float.
// good for: always; it is run once after each weight update, and costs about as much as reading and writing W once.

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
  let i = (wid.x + wid.y * nwg.x) * 64 + t;
  if (i >= p.total) { return; }
  let slot = i / p.sliceStride;             // block * slices + slice
  let inSlice = i % p.sliceStride;
  let c = inSlice % CB;
  let kw = (inSlice / CB) % p.kw;
  let kh = (inSlice / (CB * p.kw)) % p.kh;
  let a = inSlice / (CB * p.kw * p.kh);     // summed channel within the slice
  let r = (slot % p.slices) * p.sliceRed + a;
  let o = (slot / p.slices) * CB + c;
  var v = 0.0;
  if (a < p.sliceRed && r < p.red && o < p.out) {
    if (FLIP == 0) {
      v = kernel[((kh * p.kw + kw) * p.red + r) * p.out + o];
    } else {
      v = kernel[(((p.kh - 1 - kh) * p.kw + (p.kw - 1 - kw)) * p.out + o) * p.red + r];
    }
  }
  packed[i] = v;
}
`,
  'conv2d/sum_parts': `// Second pass of the split reductions: adds the partial sums of all shares in the order of the shares.
//
//   a[i] = sum_s parts[s, i]  (i < sizeA)        b[i - sizeA] = sum_s parts[s, i]  (sizeA <= i < sizeA + sizeB)
//
// a is a kernel's gradient, b its bias's. With sizeB = 0, b may be any buffer. p.accumulate = 1 adds to a and b.
// dispatch: ceil((sizeA + sizeB) / 64), folded to 2-D. One thread one value.

struct Params {
  sizeA: u32,
  sizeB: u32,
  shares: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;       // [shares, sizeA + sizeB]
@group(0) @binding(2) var<storage, read_write> a: array<f32>;     // [sizeA]
@group(0) @binding(3) var<storage, read_write> b: array<f32>;     // [sizeB]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) t: u32) {
  let i = (wid.x + wid.y * nwg.x) * 64 + t;
  let size = p.sizeA + p.sizeB;
  if (i >= size) { return; }
  var sum = 0.0;
  for (var s = 0u; s < p.shares; s++) { sum += parts[s * size + i]; }
  if (i < p.sizeA) {
    if (p.accumulate != 0) { sum += a[i]; }
    a[i] = sum;
  } else {
    if (p.accumulate != 0) { sum += b[i - p.sizeA]; }
    b[i - p.sizeA] = sum;
  }
}
`,
  'copy/copy': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// out[i] = x[i].  One thread an element; dispatch ceil(size / 64), folded.
// use: grid
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i < p.size) { out[i] = x[i]; }
}
`,
  'fill/fill': `// Number of this thread in a grid that was folded into two dimensions (src/kernels/grid.ts).
fn flat_thread(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
// out[i] = value.  One thread an element; dispatch ceil(size / 64), folded.
// use: grid
struct Params { size: u32, value: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;  // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i < p.size) { out[i] = p.value; }
}
`,
  'matmul/grad_strip': `enable subgroups;
// A^T * B: the kernel gradient of a dense layer (and its bias gradient), summed over the rows of both.
//
//   parts[share, m, n] = sum_{k in share} A[k,m] * B[k,n]        parts[share, M*N + n] = sum_{k in share} B[k,n]
//
// tile:  one workgroup = one subgroup of 8 lanes: 8*MV rows of the result x 32 columns (a vec4 a lane). For KU values of
//        k it loads 8*MV values of A, MV a lane, and one vec4 of B a lane, and broadcasts A's values one after another.
// dispatch: ceil(m/(8*MV)) * ceil(n/32) * shares workgroups, folded to 2-D; then conv2d/sum_parts.wgsl with
//        sizeA = m*n, sizeB = n. With shares = 1 and direct = 1 the product goes straight to \`parts\` as [m, n] and the
//        bias gradient behind it, so that no second pass is needed when parts is what the caller wants.
// scratch: parts, shares * (m*n + n) floats. shares is 1 unless m*n is so small that the cores run dry (128 x 10).

const SG: u32 = 8;
const MV: u32 = 2;   // rows of the result a lane loads
const KU: u32 = 2;   // values of k a step

struct Params {
  m: u32, n: u32, k: u32,
  shares: u32,
  kPerShare: u32,   // ceil(k / shares)
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;             // [k, m]
@group(0) @binding(2) var<storage, read> b: array<f32>;             // [k, n]
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;   // [shares, m*n + n]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let mBlocks = (p.m + SG * MV - 1) / (SG * MV);
  let nBlocks = (p.n + SG * 4 - 1) / (SG * 4);
  let id = wid.x + wid.y * nwg.x;
  if (id >= mBlocks * nBlocks * p.shares) { return; }  // uniform
  let m0 = (id % mBlocks) * (SG * MV);
  let col = ((id / mBlocks) % nBlocks) * (SG * 4) + lane * 4;
  let share = id / (mBlocks * nBlocks);
  let cols = vec4u(col) + vec4u(0, 1, 2, 3);
  let colOk = cols < vec4u(p.n);

  var acc: array<array<vec4f, SG>, MV>;
  var db = vec4f();
  let end = min((share + 1) * p.kPerShare, p.k);
  for (var k0 = share * p.kPerShare; k0 < end; k0 += KU) {
    var bv: array<vec4f, KU>;
    for (var i = 0u; i < KU; i++) {
      let ok = colOk & vec4<bool>(k0 + i < end);
      let at = select(vec4u(0), vec4u((k0 + i) * p.n) + cols, ok);
      bv[i] = select(vec4f(), vec4f(b[at.x], b[at.y], b[at.z], b[at.w]), ok);
      db += bv[i];
    }
    for (var v = 0u; v < MV; v++) {
      let m = m0 + v * SG + lane;
      var av: array<f32, KU>;
      for (var i = 0u; i < KU; i++) {
        let ok = m < p.m && k0 + i < end;
        av[i] = select(0.0, a[select(0u, (k0 + i) * p.m + m, ok)], ok);
      }
      for (var u = 0u; u < SG; u++) {
        for (var i = 0u; i < KU; i++) { acc[v][u] += subgroupShuffle(av[i], u) * bv[i]; }
      }
    }
  }

  let out = share * (p.m * p.n + p.n);
  for (var v = 0u; v < MV; v++) {
    for (var u = 0u; u < SG; u++) {
      let m = m0 + v * SG + u;
      for (var q = 0u; q < 4; q++) {
        if (m < p.m && col + q < p.n) { parts[out + m * p.n + col + q] = acc[v][u][q]; }
      }
    }
  }
  if (m0 == 0) {
    for (var q = 0u; q < 4; q++) {
      if (col + q < p.n) { parts[out + p.m * p.n + col + q] = db[q]; }
    }
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
// B is repacked first (conv2d/repack_uniform.wgsl with kh = kw = 1 and CB = 32*NV): FLIP 0, red = K, out = N for A*B;
// FLIP 1, red = N', out = K' for A*B'^T with B' [K', N'] (the input gradient of a dense layer: dX = dY * W^T).
//
// tile:  one workgroup = one subgroup of 8 lanes: TM rows x 32*NV columns, a lane owns 4*NV neighbouring columns. For
//        8 values of k a row of A is loaded one k a lane (one load instruction for 8 x 8 uses) and broadcast k after k.
// dispatch: ceil(m/TM) workgroups (folded to 2-D) for each block of 32*NV columns and each slice of k that fits 64 KiB
//        (kCount * 8 * NV vec4s at most 4096). Slices after the first set \`accumulate\`, only the last bias and relu.
// good for: lavapipe. instead: grad_strip.wgsl for A^T*B, a register tile on GPUs, or where B changes at each call.

const SG: u32 = 8;
const TM: u32 = 14;        // rows a tile
const NV: u32 = 1;         // vec4s of columns a lane
const WSIZE: u32 = 4096;   // vec4s in one slice of B: sliceRed * SG * NV (at most 4096)

struct Params {
  m: u32, n: u32, k: u32,
  k0: u32,          // first k of this slice
  kCount: u32,      // its length, rounded up to a multiple of SG
  n0: u32,          // first column of this block
  accumulate: u32,  // 1: add to what c holds
  bias: u32,        // 1: add bias
  relu: u32,        // 1: max(., 0), letting NaN through
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [m, k]
@group(0) @binding(2) var<uniform> b: array<vec4f, WSIZE>;       // [kCount, lane, NV] x 4 columns
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]; any buffer when p.bias = 0
@group(0) @binding(4) var<storage, read_write> c: array<f32>;    // [m, n]

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let m0 = (wid.x + wid.y * nwg.x) * TM;
  if (m0 >= p.m) { return; }  // the whole subgroup returns: uniform
  var acc: array<array<vec4f, NV>, TM>;
  for (var kb = 0u; kb < p.kCount; kb += SG) {
    let k = p.k0 + kb + lane;
    var rows: array<f32, TM>;
    for (var r = 0u; r < TM; r++) {
      let ok = k < p.k && m0 + r < p.m;
      rows[r] = select(0.0, a[select(0u, (m0 + r) * p.k + k, ok)], ok);
    }
    for (var u = 0u; u < SG; u++) {
      var bv: array<vec4f, NV>;
      for (var v = 0u; v < NV; v++) { bv[v] = b[((kb + u) * SG + lane) * NV + v]; }
      for (var r = 0u; r < TM; r++) {
        let s = subgroupShuffle(rows[r], u);
        for (var v = 0u; v < NV; v++) { acc[r][v] += s * bv[v]; }
      }
    }
  }
  for (var r = 0u; r < TM; r++) {
    for (var v = 0u; v < NV; v++) {
      for (var q = 0u; q < 4; q++) {
        let col = p.n0 + (lane * NV + v) * 4 + q;
        if (m0 + r < p.m && col < p.n) {
          var s = acc[r][v][q];
          if (p.accumulate != 0) { s += c[(m0 + r) * p.n + col]; }
          if (p.bias != 0) { s += bias[col]; }
          if (p.relu != 0) { s = select(s, 0.0, s <= 0.0); }
          c[(m0 + r) * p.n + col] = s;
        }
      }
    }
  }
}
`,
} as const;

export type ShaderName = keyof typeof shaders;
