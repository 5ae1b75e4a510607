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
