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
