import { conv2dMaxPoolKernel, poolingOf } from '../../kernels/conv2d-max-pool.ts';
import { KEEP_ALL, maxPool2dGradKernel } from '../../kernels/max-pool2d.ts';
import type { Tensor } from '../tensor.ts';
import { type Conv2dOptions, convolutionGradients, placeConvolution } from './conv2d.ts';
import { checkDropout } from './dropout.ts';
import { type MaxPool2dOptions, placePooling } from './max-pool2d.ts';
import type { OpExample } from './registry.ts';

export interface Conv2dMaxPoolOptions extends Conv2dOptions {
  /** The pooling behind the convolution and its activation. */
  pool: Omit<MaxPool2dOptions, 'name'>;
}

/**
 * `maxPool2d(conv2d(x, kernel, bias, options), options.pool)`, of which only the pooled values are kept: the map between
 * the two is never stored. It pays where that map is what a layer costs, as in the first of a network.
 *
 * @param x pictures [N, H, W, Cin].
 * @param kernel weights [kernel height, kernel width, Cin, Cout].
 * @param bias [Cout], added to every pixel.
 * @returns [N, PH, PW, Cout], the pooled maps.
 * @throws ShapeError, ValueError as the two ops do.
 */
export function conv2dMaxPool(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | undefined,
  options: Conv2dMaxPoolOptions,
): Tensor {
  const { activation, name, pool } = options;
  const op = name ? `conv2dMaxPool '${name}'` : 'conv2dMaxPool';
  const placed = placeConvolution(op, x, kernel, bias, options);
  const { geometry } = placed;
  const pooling = placePooling(op, { rank: 4, shape: [geometry.n, geometry.oh, geometry.ow, geometry.cout] }, pool);
  const drop = pool.dropout && checkDropout(pool.dropout);
  const { engine } = x;
  const inputs = bias ? [x, kernel, bias] : [x, kernel];
  const p = {
    ...geometry,
    ...{ ph: pooling.oh, pw: pooling.ow, windowH: pooling.kh, windowW: pooling.kw },
    ...{ poolStrideH: pooling.strideH, poolStrideW: pooling.strideW },
    ...{ poolPadTop: pooling.padTop, poolPadLeft: pooling.padLeft },
    ...{ bias: Number(!!bias), relu: Number(activation === 'relu'), taps: Number(engine.records(inputs)) },
    ...{ ...KEEP_ALL, ...(drop && { drop: 1, ...drop }) },
  };
  const { y, taps } = engine.run(conv2dMaxPoolKernel, p, { x, kernel, bias });
  return engine.record('conv2dMaxPool', inputs, y!, upstream => {
    // A pooled value is positive where the activation let its pixel through.
    const behind = { ...poolingOf(p), mask: Number(!!activation) };
    const { dx: dy } = engine.run(maxPool2dGradKernel, behind, { dy: upstream.dy, taps, y: activation && y });
    return convolutionGradients(placed, { dy: dy!, y: undefined }, upstream);
  });
}

export const conv2dMaxPoolExample: OpExample = {
  name: 'conv2dMaxPool',
  draw: r => {
    const [cin, cout, bias] = [r.int(1, 3), r.int(1, 5), r.int(0, 1) === 1];
    const kernel = [r.int(1, 3), r.int(1, 3), cin, cout];
    const options: Conv2dMaxPoolOptions = {
      stride: r.int(1, 2),
      padding: r.pick(['valid', 'same'] as const),
      pool: {
        window: r.int(1, 2),
        stride: r.int(1, 3),
        padding: r.pick(['valid', 'same'] as const),
        dropout: r.int(0, 1) ? { rate: r.uniform(0.1, 0.8), id: r.int(0, 5) } : undefined,
      },
      ...(r.int(0, 1) ? { activation: 'relu' as const } : {}),
    };
    return {
      inputs: [[r.int(1, 2), r.int(6, 7), r.int(6, 7), cin], kernel, ...(bias ? [[cout]] : [])],
      apply: ([x, k, b]) => conv2dMaxPool(x!, k!, b, options),
    };
  },
};
