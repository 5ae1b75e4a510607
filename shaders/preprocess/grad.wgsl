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
