import { avgPool2dGradKernel, avgPool2dKernel } from '../../kernels/avg-pool2d.ts';
import { poolParams } from '../../kernels/pool2d-geometry.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { placeWindows } from './windows.ts';

/**
 * The mean of each channel over the whole picture: average pooling with one window.
 *
 * @param x [N, H, W, C].
 * @returns [N, C].
 * @throws ShapeError when x is no batch of pictures.
 */
export function globalAvgPool(x: Tensor): Tensor {
  const { engine } = x;
  const window = [x.shape[1] ?? 1, x.shape[2] ?? 1] as const;
  const p = poolParams(placeWindows('globalAvgPool', x, { window, stride: [1, 1], padding: 'valid' }));
  const { y } = engine.run(avgPool2dKernel, p, { x });
  return engine.record('globalAvgPool', [x], engine.alias(y!, [p.n, p.c]), ({ dy, into }) => [
    engine.run(avgPool2dGradKernel, p, { dy }, { dx: into[0] }).dx,
  ]);
}

export const globalAvgPoolExample: OpExample = {
  name: 'globalAvgPool',
  draw: r => ({
    inputs: [[r.int(1, 3), r.int(1, 5), r.int(1, 5), r.int(1, 4)]],
    apply: ([x]) => globalAvgPool(x!),
  }),
};
