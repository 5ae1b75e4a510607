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
