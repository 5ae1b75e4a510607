import { avgPool2dGradKernel, avgPool2dKernel } from '../../kernels/avg-pool2d.ts';
import type { Tensor } from '../tensor.ts';
import { type Pool2dOptions, placePooling } from './max-pool2d.ts';
import type { OpExample } from './registry.ts';

/**
 * The mean of each window, over its pixels inside the picture: with padding 'same' the windows at the edge divide by
 * the number of real pixels, as TensorFlow's do.
 *
 * @param x [N, H, W, C].
 * @returns [N, OH, OW, C].
 * @throws ShapeError when x is no batch of pictures or no window fits; ValueError for a bad option.
 */
export function avgPool2d(x: Tensor, options: Pool2dOptions = {}): Tensor {
  const p = placePooling('avgPool2d', x, options);
  const { engine } = x;
  return engine.record('avgPool2d', [x], engine.run(avgPool2dKernel, p, { x }).y!, ({ dy, into }) => [
    engine.run(avgPool2dGradKernel, p, { dy }, { dx: into[0] }).dx,
  ]);
}

export const avgPool2dExample: OpExample = {
  name: 'avgPool2d',
  draw: r => {
    const options: Pool2dOptions = {
      window: [r.int(1, 3), r.int(1, 3)],
      stride: [r.int(1, 3), r.int(1, 3)],
      padding: r.pick(['valid', 'same'] as const),
    };
    return {
      inputs: [[r.int(1, 2), r.int(3, 6), r.int(3, 6), r.int(1, 3)]],
      apply: ([x]) => avgPool2d(x!, options),
    };
  },
};
