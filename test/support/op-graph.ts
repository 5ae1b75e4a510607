import { Sampler } from '../../src/kernels/sampler.ts';
import { type Shape, sizeOf, type Values } from '../../src/kernels/spec.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { add, mul, sum } from '../../src/tensor/ops/index.ts';
import type { OpExample, OpUse } from '../../src/tensor/ops/registry.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/**
 * An op in the middle of a graph, where a gradient that only works at its end is found out:
 *
 *     x_i = u_i + u_i^3         y = op(x_0, x_1, ...)         loss = sum(w (y + y^2 / 4)) + sum(v x_0)
 *
 * What flows into the op's backward is neither constant nor equal to y's weights, x_0 is used twice, and the gradients
 * that are checked are those of the leaves u.
 */
export interface OpGraph {
  readonly use: OpUse;
  /** Leaves such that the op sees just the values its example asks for. */
  readonly leaves: readonly { readonly shape: Shape; readonly values: Float64Array }[];
  /** v. */
  readonly direct: Float64Array;
  /** w, as long as y, whose shape only the op knows. */
  readonly weights: (size: number) => Float64Array;
  readonly rows: number;
}

/** A random use of an op with all the numbers of its graph. */
export function drawGraph(example: OpExample, seed: number): OpGraph {
  const random = new Sampler(seed);
  const use = example.draw(random);
  const leaves = use.inputs.map((shape, i) => {
    const size = sizeOf(shape);
    return { shape, values: Float64Array.from(use.fill?.(i, size, random) ?? random.normals(size), unwarp) };
  });
  const direct = random.normals(leaves[0]!.values.length);
  return { use, leaves, direct, weights: size => new Sampler(seed + 1).normals(size), rows: random.pick([0, 2]) };
}

/** The u with u + u^3 = x, by Newton's method from outside of the root. */
function unwarp(x: number): number {
  let u = Math.abs(x) > 1 ? Math.cbrt(x) : x;
  for (let i = 0; i < 60; i++) u -= (u + u ** 3 - x) / (1 + 3 * u * u);
  return u;
}

export interface GraphOnEngine {
  readonly leaves: readonly Tensor[];
  readonly loss: () => Tensor;
  readonly step: () => { loss: Tensor; grads: Tensor[] };
}

/** The graph's tensors on an engine; they belong to the scope around. */
export function placeGraph(engine: Engine, { use, leaves, direct, weights, rows }: OpGraph): GraphOnEngine {
  engine.setStep({ seed: 11, step: 3, rows });
  const us = leaves.map(({ shape, values }, i) => engine.tensor(values, shape, 'f32', `u${i}`).watch());
  const constants = (use.constants ?? []).map(({ shape, dtype, values }) => engine.tensor(values, shape, dtype));
  const v = engine.tensor(direct, leaves[0]!.shape, 'f32', 'v');
  const warp = (u: Tensor) => add(u, mul(mul(u, u), u));
  let w: Tensor | undefined;
  const loss = () => {
    const xs = us.map(warp);
    const y = use.apply(xs, constants);
    const bent = add(y, mul(mul(y, y), 0.25));
    w ??= engine.tensor(weights(y.size), y.shape, 'f32', 'w');
    return add(sum(mul(w, bent)), sum(mul(v, xs[0]!)));
  };
  // Once for the shape of y, so that w exists before anything is traced.
  engine.scope(() => {
    engine.noGrad(loss);
    engine.keep(w!);
  });
  return {
    leaves: us,
    loss,
    step: () => {
      const value = loss();
      return { loss: value, grads: gradients(value, us).map(grad => grad!) };
    },
  };
}

/** Elements of each leaf whose derivative is measured; all of them are tried in turn by different draws. */
const MEASURED = 12;
const STEP = 1e-5;
/** Slopes to the left and right that differ by more than this, relative, are those of a kink, where no derivative is. */
const KINK = 1e-2;

/**
 * Largest difference between the gradients by autograd and by central differences, relative to each leaf's largest
 * derivative, on an engine that computes in float64.
 */
export async function gradientError(engine: Engine, graph: OpGraph, seed: number): Promise<number> {
  return engine.scope(async () => {
    const { leaves, loss, step } = placeGraph(engine, graph);
    const analytic: Values[] = [];
    for (const grad of step().grads) analytic.push(await grad.data());
    const random = new Sampler(seed);
    const at = async (leaf: Tensor, values: Float64Array) => {
      leaf.write(values);
      return engine.scope(() => engine.noGrad(loss).item());
    };
    let worst = 0;
    let measured = 0;
    let kinks = 0;
    const here = await engine.scope(() => engine.noGrad(loss).item());
    for (const [i, leaf] of leaves.entries()) {
      const { values } = graph.leaves[i]!;
      const largest = Math.max(1e-2, ...Array.from(analytic[i]!, Math.abs));
      for (let n = 0; n < Math.min(MEASURED, values.length); n++) {
        const k = values.length <= MEASURED ? n : random.int(0, values.length - 1);
        const above = await at(leaf, values.with(k, values[k]! + STEP));
        const below = await at(leaf, values.with(k, values[k]! - STEP));
        const numeric = (above - below) / (2 * STEP);
        measured++;
        // A fused ReLU's own input is not in our hands: it may lie within a step of zero.
        if (Math.abs(above - 2 * here + below) / STEP > KINK * Math.max(largest, Math.abs(numeric))) {
          kinks++;
          continue;
        }
        const error = Math.abs(numeric - analytic[i]![k]!) / Math.max(largest, Math.abs(numeric));
        // A NaN is no small error.
        worst = error <= worst ? worst : Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
      }
      leaf.write(values);
    }
    if (kinks > 1 + measured / 4)
      throw new Error(`${kinks} of ${measured} derivatives lie at a kink: give the example a fill`);
    return worst;
  });
}
