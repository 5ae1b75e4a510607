// Addresses of up to three operands of a walk over the elements of a result (src/kernels/strides.ts). The shader's
// Params hold `rank: u32` and `axes: array<vec4u, 6>`, innermost axis first: (extent, stride of a, of b, of c).
// A stride of 0 repeats an operand along that axis.
fn strided(i: u32) -> vec3u {
  var rest = i;
  var at = vec3u();
  for (var k = 0u; k + 1 < p.rank; k++) {
    let axis = p.axes[k];
    let outer = rest / axis.x;
    at += (rest - outer * axis.x) * axis.yzw;
    rest = outer;
  }
  return at + rest * p.axes[p.rank - 1].yzw;
}
