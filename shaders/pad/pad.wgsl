// out = x with `value` around it: along each axis `before` elements in front, and the rest behind.
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
