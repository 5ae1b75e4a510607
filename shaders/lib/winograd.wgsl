// Winograd's minimal filtering F(M x M, 3 x 3), M = 2 or 4: a tile of D x D input pixels, D = M + 2, gives M x M output
// pixels by D x D products for each pair of channels instead of 9 M x M (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015):
//
//   Y = A^T [ (G g G^T) . (B^T d B) ] A          d tile of the input, g kernel, . elementwise, summed over input channels
//
// Here are the three transforms along one axis; arrays hold 6 values, of which M = 2 uses the first 4.
const M: u32 = 2;
const D: u32 = M + 2;

fn transform_input(d: array<f32, 6>) -> array<f32, 6> {
  if (M == 2) {
    return array(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3], 0.0, 0.0);
  }
  let even = d[4] - 4 * d[2];
  let odd = d[3] - 4 * d[1];
  let even2 = d[4] - d[2];
  let odd2 = 2 * (d[3] - d[1]);
  return array(4 * d[0] - 5 * d[2] + d[4], even + odd, even - odd, even2 + odd2, even2 - odd2, 4 * d[1] - 5 * d[3] + d[5]);
}

fn transform_kernel(g0: vec4f, g1: vec4f, g2: vec4f) -> array<vec4f, 6> {
  if (M == 2) {
    let sum = g0 + g2;
    return array(g0, (sum + g1) / 2, (sum - g1) / 2, g2, vec4f(), vec4f());
  }
  let sum = g0 + g2;
  let far = g0 / 24 + g2 / 6;
  return array(g0 / 4, -(sum + g1) / 6, -(sum - g1) / 6, far + g1 / 12, far - g1 / 12, g2);
}

fn transform_output(m: array<vec4f, 6>) -> array<vec4f, 4> {
  if (M == 2) {
    return array(m[0] + m[1] + m[2], m[1] - m[2] - m[3], vec4f(), vec4f());
  }
  let near = m[1] + m[2];
  let near_odd = m[1] - m[2];
  let far = m[3] + m[4];
  let far_odd = m[3] - m[4];
  return array(m[0] + near + far, near_odd + 2 * far_odd, near + 4 * far, near_odd + 8 * far_odd + m[5]);
}
