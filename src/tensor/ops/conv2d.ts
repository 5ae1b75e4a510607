import { conv2dKernel } from '../../kernels/conv2d.ts';
import { type Conv2dGeometry, geometryOf } from '../../kernels/conv2d-geometry.ts';
import { conv2dInputGradKernel } from '../../kernels/conv2d-input-grad.ts';
import { conv2dKernelGradKernel } from '../../kernels/conv2d-kernel-grad.ts';
import type { Padding } from '../../kernels/window.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Upstream } from '../autograd.ts';
import type { Tensor } from '../tensor.ts';
import { type FusedActivation, type MaskedGradient, unfuseInLoads } from './activation-grad.ts';
import type { OpExample } from './registry.ts';
import { type Pair, pair, placeWindows } from './windows.ts';

export interface Conv2dOptions {
  /** Pixels from window to window. Default 1. */
  stride?: Pair;
  /** Pixels from tap to tap of a window. Default 1. */
  dilation?: Pair;
  /** 'valid' (default): windows inside the picture. 'same': ceil(size / stride) of them, TensorFlow's zero padding. */
  padding?: Padding;
  /** Fused behind the sum, in the same kernel. */
  activation?: FusedActivation;
  /** Where in a network this is, for error messages. */
  name?: string;
}

/** A convolution's operands and shapes, checked. */
export interface PlacedConvolution {
  readonly geometry: Conv2dGeometry;
  readonly x: Tensor;
  readonly kernel: Tensor;
  readonly bias: Tensor | undefined;
}

/** Checks the operands of a convolution, which messages call `op`. @throws ShapeError, ValueError as conv2d says. */
export function placeConvolution(
  op: string,
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | undefined,
  options: Conv2dOptions,
): PlacedConvolution {
  if (kernel.rank !== 4) throw new ShapeError(`${op}: kernel must be [height, width, Cin, Cout], got ${kernel}`);
  const [kh, kw, cin, cout] = kernel.shape as [number, number, number, number];
  const stride = pair(op, 'stride', options.stride ?? 1);
  const dilation = pair(op, 'dilation', options.dilation ?? 1);
  const { padding = 'valid' } = options;
  const { c, ...windows } = placeWindows(op, x, { window: [kh, kw], stride, dilation, padding });
  if (c !== cin) throw new ShapeError(`${op}: input has ${c} channels, kernel expects ${cin}`);
  if (bias && (bias.rank !== 1 || bias.size !== cout)) {
    throw new ShapeError(`${op}: bias must be [${cout}], one value for each output channel, got ${bias}`);
  }
  return { geometry: geometryOf({ ...windows, cin, cout }), x, kernel, bias };
}

/** Gradients of a convolution's input, kernel and bias, in this order; undefined where none is wanted. */
export function convolutionGradients(
  { geometry, x, kernel }: PlacedConvolution,
  masked: MaskedGradient,
  { needs, into }: Pick<Upstream, 'needs' | 'into'>,
): (Tensor | undefined)[] {
  const { engine } = x;
  const mask = Number(!!masked.y);
  const input = needs[0]
    ? engine.run(conv2dInputGradKernel, { ...geometry, mask }, { ...masked, kernel }, { dx: into[0] })
    : undefined;
  // One kernel sums both over the pixels, so a frozen kernel under a trained bias saves nothing.
  const p = { ...geometry, mask, db: Number(!!needs[2]), accumulate: 0 };
  const weights =
    needs[1] || needs[2]
      ? engine.run(conv2dKernelGradKernel, p, { x, ...masked }, { dkernel: into[1], db: into[2] })
      : undefined;
  return [input?.dx, weights?.dkernel, weights?.db];
}

/**
 * 2-D convolution (cross-correlation, as every network library has it).
 *
 * @param x pictures [N, H, W, Cin].
 * @param kernel weights [kernel height, kernel width, Cin, Cout].
 * @param bias [Cout], added to every pixel.
 * @returns [N, OH, OW, Cout].
 * @throws ShapeError when ranks or channels do not fit, or a 'valid' window is larger than the picture; ValueError for
 * an option that is no positive integer.
 */
export function conv2d(x: Tensor, kernel: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  const { activation, name } = options;
  const placed = placeConvolution(name ? `conv2d '${name}'` : 'conv2d', x, kernel, bias, options);
  const { engine } = x;
  const forward = { ...placed.geometry, bias: Number(!!bias), relu: Number(activation === 'relu') };
  const y = engine.run(conv2dKernel, forward, { x, kernel, bias }).y!;
  return engine.record('conv2d', bias ? [x, kernel, bias] : [x, kernel], y, upstream =>
    convolutionGradients(placed, unfuseInLoads(upstream.dy, y, activation), upstream),
  );
}

export const conv2dExample: OpExample = {
  name: 'conv2d',
  draw: r => {
    const [cin, cout] = [r.int(1, 3), r.int(1, 3)];
    const [kh, kw] = [r.int(1, 3), r.int(1, 3)];
    const bias = r.int(0, 1) === 1;
    const options: Conv2dOptions = {
      stride: [r.int(1, 3), r.int(1, 2)],
      dilation: [r.int(1, 2), r.int(1, 2)],
      padding: r.pick(['valid', 'same'] as const),
      ...(r.int(0, 1) ? { activation: 'relu' as const } : {}),
    };
    const kernel = [kh, kw, cin, cout];
    return {
      inputs: [[r.int(1, 2), r.int(5, 7), r.int(5, 7), cin], kernel, ...(bias ? [[cout]] : [])],
      apply: ([x, k, b]) => conv2d(x!, k!, b, options),
    };
  },
};
