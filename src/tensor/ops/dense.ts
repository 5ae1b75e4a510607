import type { Capabilities } from '../../gpu/capabilities.ts';
import { geometryOf } from '../../kernels/conv2d-geometry.ts';
import { conv2dKernelGradKernel } from '../../kernels/conv2d-kernel-grad.ts';
import { denseGradKernel } from '../../kernels/dense-grad.ts';
import { dropoutKernel } from '../../kernels/dropout.ts';
import { matmulKernel } from '../../kernels/matmul.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import { type FusedActivation, unfuse } from './activation-grad.ts';
import { checkDropout, type DropoutChoice, dropout } from './dropout.ts';
import type { OpExample } from './registry.ts';

export interface DenseOptions {
  /** Fused behind the sum, in the same kernel. */
  activation?: FusedActivation;
  /** Drops the result out behind the activation, see {@link dropout}. For training only. */
  dropout?: DropoutChoice | undefined;
  /** Where in a network this is, for error messages. */
  name?: string;
}

/**
 * Fully connected layer: act(x weights + bias). With `dropout` the same values come out as from
 * `dropout(dense(x, weights, bias, { activation }), rate, id)`; behind a ReLU its backward costs nothing of its own.
 *
 * @param x [N, K].
 * @param weights [K, M].
 * @param bias [M].
 * @returns [N, M].
 * @throws ShapeError when ranks or sizes do not fit.
 */
export function dense(x: Tensor, weights: Tensor, bias?: Tensor, options: DenseOptions = {}): Tensor {
  const { activation, name } = options;
  const op = name ? `dense '${name}'` : 'dense';
  if (x.rank !== 2) throw new ShapeError(`${op}: input must be [N, K], got ${x}; flatten pictures first`);
  if (weights.rank !== 2) throw new ShapeError(`${op}: weights must be [K, M], got ${weights}`);
  const [n, k] = x.shape as [number, number];
  const [expected, m] = weights.shape as [number, number];
  if (k !== expected) throw new ShapeError(`${op}: input has ${k} values a row, weights expect ${expected}`);
  if (bias && (bias.rank !== 1 || bias.size !== m)) throw new ShapeError(`${op}: bias must be [${m}], got ${bias}`);

  const drop = options.dropout && checkDropout(options.dropout);
  if (drop && !activation)
    return dropout(dense(x, weights, bias, { ...options, dropout: undefined }), drop.rate, drop.id);

  const { engine } = x;
  const plain = { ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 };
  const forward = { ...plain, m: n, n: m, k, bias: Number(!!bias), relu: Number(activation === 'relu') };
  const sum = engine.run(matmulKernel, forward, { a: x, b: weights, bias }).out!;
  const dropping = drop && { ...drop, size: sum.size, base: 0 };
  const y = dropping ? engine.alias(engine.run(dropoutKernel, dropping, { x: sum }).out!, [n, m]) : sum;
  return engine.record('dense', bias ? [x, weights, bias] : [x, weights], y, ({ dy, needs, into }) => {
    const weighted = needs[1] || needs[2];
    if (weighted && isStartBound(engine.caps, n * k * m)) {
      const p = {
        ...{ n, k, m, dx: Number(!!needs[0]), db: Number(!!needs[2]), mask: Number(!!activation) },
        ...{ scale: 1 / (1 - (drop?.rate ?? 0)), accumulate: 0 },
      };
      const places = { dx: into[0], dweights: into[1], db: into[2] };
      const all = engine.run(denseGradKernel, p, { x, weights, y: activation && y, dy }, places);
      return [all.dx, all.dweights, all.db];
    }
    const kept = dropping ? engine.run(dropoutKernel, dropping, { x: dy }).out! : dy;
    const dz = unfuse(kept, y, activation);
    const input = needs[0]
      ? engine.run(matmulKernel, { ...plain, m: n, n: k, k: m, tb: 1 }, { a: dz, b: weights }, { out: into[0] })
      : undefined;
    // A dense layer is a 1x1 convolution of pictures of one pixel, and that kernel sums the bias gradient along with the
    // weights'.
    const p = { ...onePixel(n, k, m), mask: 0, db: Number(!!needs[2]), accumulate: 0 };
    const sums = weighted
      ? engine.run(conv2dKernelGradKernel, p, { x, dy: dz }, { dkernel: into[1], db: into[2] })
      : undefined;
    return [input?.out, sums?.dkernel, sums?.db];
  });
}

/** Multiply-adds of a product up to which a GPU takes as long to start a kernel as to run it: an estimate. */
const FEW_MULTIPLY_ADDS = 2 ** 26;

/** Whether one kernel for all gradients beats faster ones for each. A software adapter starts kernels at no cost. */
function isStartBound({ software }: Capabilities, multiplyAdds: number): boolean {
  return !software && multiplyAdds <= FEW_MULTIPLY_ADDS;
}

function onePixel(n: number, cin: number, cout: number) {
  const ones = { h: 1, w: 1, oh: 1, ow: 1, kh: 1, kw: 1, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 };
  return geometryOf({ n, cin, cout, ...ones, padTop: 0, padLeft: 0 });
}

export const denseExample: OpExample = {
  name: 'dense',
  draw: r => {
    const [n, k, m] = [r.int(1, 5), r.int(1, 6), r.int(1, 5)];
    const bias = r.int(0, 1) === 1;
    const options: DenseOptions = {
      ...(r.int(0, 1) && { activation: 'relu' }),
      ...(r.int(0, 1) && { dropout: { rate: r.uniform(0.1, 0.8), id: r.int(0, 5) } }),
    };
    return {
      inputs: [[n, k], [k, m], ...(bias ? [[m]] : [])],
      apply: ([x, weights, b]) => dense(x!, weights!, b, options),
    };
  },
};
