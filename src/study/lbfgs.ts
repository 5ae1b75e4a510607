/** A function at a point, with its gradient there. */
export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface MinimumOptions {
  /** Ends when no component of the gradient is larger. Default 1e-5. */
  readonly tolerance?: number;
  /** Default 200. */
  readonly iterations?: number;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  /** Largest magnitude of a component of the gradient there. */
  readonly gradient: number;
  readonly iterations: number;
}

/** Steps whose curvature is remembered. */
const MEMORY = 10;
/** Share of the decrease which the slope promises that a step must reach (Armijo, 1966). */
const SUFFICIENT = 1e-4;
const HALVINGS = 25;

/**
 * A minimum of a smooth function: L-BFGS (J. Nocedal, "Updating Quasi-Newton Matrices with Limited Storage", 1980) with
 * backtracking. It ends early where rounding hides any further decrease. The same function gives the same steps.
 */
export async function minimise(
  fn: (point: Float64Array) => Promise<Slope>,
  start: Float64Array,
  { tolerance = 1e-5, iterations = 200 }: MinimumOptions = {},
): Promise<Minimum> {
  let point = start;
  let { value, gradient } = await fn(point);
  const pairs: Pair[] = [];
  let iteration = 0;
  for (; iteration < iterations && largest(gradient) > tolerance; iteration++) {
    const direction = newtonStep(gradient, pairs);
    const slope = dot(direction, gradient);
    // Of the curvature nothing is known yet: go as far as the gradient is long, or by 1.
    let length = pairs.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
    let next: (Slope & { point: Float64Array }) | undefined;
    for (let halving = 0; halving < HALVINGS && !next; halving++, length /= 2) {
      const candidate = point.map((x, i) => x + length * direction[i]!);
      const found = await fn(candidate);
      if (found.value <= value + SUFFICIENT * length * slope) next = { ...found, point: candidate };
    }
    if (!next) break;
    const step = next.point.map((x, i) => x - point[i]!);
    const change = next.gradient.map((g, i) => g - gradient[i]!);
    const curvature = dot(step, change);
    if (curvature > 1e-12 * dot(change, change)) pairs.push({ step, change, curvature });
    if (pairs.length > MEMORY) pairs.shift();
    ({ point, value, gradient } = next);
  }
  return { point, value, gradient: largest(gradient), iterations: iteration };
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** Their product. */
  readonly curvature: number;
}

/** Minus the inverse of the Hessian, as far as the pairs tell, times the gradient: the two loops of the paper. */
function newtonStep(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.map(g => -g);
  const weights = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { step, change, curvature } = pairs[i]!;
    weights[i] = dot(step, q) / curvature;
    addTo(q, change, -weights[i]!);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  for (const [i, { step, change, curvature }] of pairs.entries()) {
    addTo(q, step, weights[i]! - dot(change, q) / curvature);
  }
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addTo(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!;
}

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
