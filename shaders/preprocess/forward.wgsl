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
