// Convolutions as matrix products: a row for each output pixel, in which each tap has the channels it looks at.
struct Params {
  n: u32, h: u32, w: u32, c4: u32,   // x, or its gradient [n, h, w, 4 c4]
  oh: u32, ow: u32, kh: u32, kw: u32,
  stride_h: u32, stride_w: u32,
  dilation_h: u32, dilation_w: u32,
  pad_top: i32, pad_left: i32,
}
