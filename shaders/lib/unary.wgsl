// The one-operand functions, numbered as in src/kernels/unary.ts. The number is a constant, so one branch remains.
// Uses power() of lib/binary.wgsl.
fn unary(function: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * x + beta; }
    // Not max(x, 0): that would turn a NaN into 0 and hide it. The same holds for clamp().
    case 1u: { return select(x, 0.0, x <= 0.0); }
    case 2u: { return select(x, alpha * x, x <= 0.0); }
    case 3u: { return x * normal_cdf(x); }
    case 4u: { return sigmoid(x); }
    case 5u: { return hyperbolic_tangent(x); }
    case 6u: { return x * sigmoid(x); }
    case 7u: { return exp(x); }
    case 8u: { return log(x); }
    case 9u: { return sqrt(x); }
    case 10u: { return abs(x); }
    case 11u: { return select(select(x, beta, x > beta), alpha, x < alpha); }
    case 12u: { return power(x, alpha); }
    case 13u: { return alpha / x; }
    default: { return power(alpha, x); }
  }
}

// dL/dx from dy = dL/dy. `saved` is the function's operand x or its result y, whichever src/kernels/unary.ts says.
fn unary_gradient(function: u32, saved: f32, dy: f32, alpha: f32, beta: f32) -> f32 {
  switch (function) {
    case 0u: { return alpha * dy; }
    case 1u: { return select(dy, 0.0, saved <= 0.0); }
    case 2u: { return select(dy, alpha * dy, saved <= 0.0); }
    case 3u: { return dy * (normal_cdf(saved) + saved * 0.3989422804 * exp(-0.5 * saved * saved)); }
    case 4u: { return dy * saved * (1.0 - saved); }
    case 5u: { return dy * (1.0 - saved) * (1.0 + saved); }
    case 6u: { let s = sigmoid(saved); return dy * (s + saved * s * (1.0 - s)); }
    case 7u: { return dy * saved; }
    case 8u: { return dy / saved; }
    case 9u: { return 0.5 * dy / saved; }
    case 10u: { return select(select(dy, -dy, saved < 0.0), 0.0, saved == 0.0); }
    case 11u: { return select(dy, 0.0, saved < alpha || saved > beta); }
    case 12u: {
      if (alpha == 0.0) { return 0.0; }
      return dy * alpha * power(saved, alpha - 1.0);
    }
    case 13u: { return -dy * alpha / (saved * saved); }
    default: { return dy * saved * log(alpha); }
  }
}

// exp only of what is not positive: nothing overflows, however large |x|.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// Near zero (1 - e) / (1 + e) cancels: there an odd polynomial, fitted at Chebyshev nodes, relative error 5e-9.
fn hyperbolic_tangent(x: f32) -> f32 {
  let u = x * x;
  if (u < 0.36) {
    let tail = ((((-0.00584964408 * u + 0.0207513496) * u - 0.0537679829) * u + 0.1333168) * u - 0.333332837) * u;
    return x + x * tail;
  }
  let e = exp(-2.0 * abs(x));
  let magnitude = (1.0 - e) / (1.0 + e);
  return select(-magnitude, magnitude, x >= 0.0);
}

// Distribution function of the standard normal: erfc(-x / sqrt 2) / 2. WGSL has no erf.
// With z = |x| / sqrt 2 and t = 1 / (1 + 0.4 z), erfc(z) = t exp(-z^2) P(t). P is smooth on (0, 1] and was fitted at
// Chebyshev nodes: relative error below 2e-8 for all z, so that the tail keeps its digits too.
fn normal_cdf(x: f32) -> f32 {
  let z = abs(x) * 0.7071067812;
  let t = 1.0 / (1.0 + 0.4 * z);
  let high = (((-0.0298686288 * t + 0.143841073) * t - 0.243041739) * t + 0.146803245) * t - 0.0537931658;
  let low = ((((high * t + 0.0871206447) * t + 0.118095122) * t + 0.171890572) * t + 0.207600728) * t;
  let half_erfc = 0.5 * t * exp(-z * z) * ((low + 0.225676313) * t + 0.225675836);
  return select(half_erfc, 1.0 - half_erfc, x >= 0.0);
}
