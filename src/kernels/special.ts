/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** Distribution function of the standard normal, erfc(-x / sqrt 2) / 2, to about 1e-15 relative: ground for the float32 one. */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const tail = 0.5 * (z < 2.5 ? 1 - erfSeries(z) : erfcFraction(z));
  return x < 0 ? tail : 1 - tail;
}

/** erf z = 2 / sqrt(pi) e^(-z^2) sum_n 2^n z^(2n+1) / (2n+1)!!; all terms are positive, so nothing cancels. */
function erfSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
}

/** erfc z by Laplace's continued fraction 1 / (z + (1/2) / (z + (2/2) / (z + ...))), from its far end. */
function erfcFraction(z: number): number {
  let fraction = 0;
  for (let k = 100; k > 0; k--) fraction = k / 2 / (z + fraction);
  return Math.exp(-z * z) / (z + fraction) / Math.sqrt(Math.PI);
}
