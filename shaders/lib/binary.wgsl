// The two-operand functions, numbered as in src/kernels/binary.ts. The number is a constant, so one branch remains.
fn binary(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    // A NaN in either operand comes out: the comparison fails and the sum is NaN.
    case 5u: { return select(select(a + b, b, b >= a), a, a > b); }
    case 6u: { return select(select(a + b, b, b <= a), a, a < b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a < b); }
    default: { return select(0.0, 1.0, a == b); }
  }
}

// WGSL's pow is undefined below zero; whole exponents are defined there: (-2)^2 = 4, (-2)^3 = -8.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  let magnitude = pow(abs(a), b);
  if (a >= 0.0) { return magnitude; }
  if (b != round(b)) { return bitcast<f32>(0x7fc00000u + (bitcast<u32>(b) & 0u)); }
  return select(magnitude, -magnitude, (i32(b) & 1) == 1);
}
