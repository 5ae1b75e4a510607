// What the kernels of the shape `out[pixel, o] = sum over taps and channels of source * kernel` share. A convolution and
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

// Row or column of the source that `t` = o * scale + k * step + offset stands for; -1: none.
fn source_position(t: i32, divide: u32, size: u32) -> i32 {
  let whole = u32(t) / divide;
  return select(-1, i32(whole), t >= 0 && whole * divide == u32(t) && whole < size);
}
