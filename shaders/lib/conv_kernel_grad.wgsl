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
