import { KEEP_ALL, maxPool2dGradKernel, maxPool2dKernel } from '../../kernels/max-pool2d.ts';
import { poolParams } from '../../kernels/pool2d-geometry.ts';
import type { Padding } from '../../kernels/window.ts';
import type { Tensor } from '../tensor.ts';
import { checkDropout, type DropoutChoice } from './dropout.ts';
import type { OpExample } from './registry.ts';
import { type Pair, pair, placeWindows } from './windows.ts';

export interface Pool2dOptions {
  /** Height and width of a window. Default 2. */
  window?: Pair;
  /** Pixels from window to window. Default: the window, so that they do not overlap. */
  stride?: Pair;
  /** 'valid' (default): what does not fill a window is left out. 'same': ceil(size / stride) windows. */
  padding?: Padding;
  /** Where in a network this is, for error messages. */
  name?: string;
}

export interface MaxPool2dOptions extends Pool2dOptions {
  /** Drops the results out behind the maximum, in the same kernels: see {@link dropout}. For training only. */
  dropout?: DropoutChoice | undefined;
}

/** Checks the options of a pooling and makes its parameters. */
export function placePooling(op: string, x: Pick<Tensor, 'rank' | 'shape'>, options: Pool2dOptions) {
  const where = options.name ? `${op} '${options.name}'` : op;
  const window = pair(where, 'window', options.window ?? 2);
  const stride = pair(where, 'stride', options.stride ?? window);
  return poolParams(placeWindows(where, x, { window, stride, padding: options.padding ?? 'valid' }));
}

/**
 * The largest value of each window. Of equal ones the first, in row-major order of the window, takes the gradient; a
 * NaN in a window is its result.
 *
 * With `dropout` the same values come out as from `dropout(maxPool2d(x), rate, id)`, in one dispatch instead of two.
 *
 * @param x [N, H, W, C].
 * @returns [N, OH, OW, C].
 * @throws ShapeError when x is no batch of pictures or no window fits; ValueError for a bad option.
 */
export function maxPool2d(x: Tensor, options: MaxPool2dOptions = {}): Tensor {
  const drop = options.dropout && checkDropout(options.dropout);
  const p = { ...placePooling('maxPool2d', x, options), ...KEEP_ALL, ...(drop && { drop: 1, ...drop }) };
  const { engine } = x;
  const { y, taps } = engine.run(maxPool2dKernel, { ...p, taps: Number(engine.records([x])) }, { x });
  return engine.record('maxPool2d', [x], y!, ({ dy, into }) => [
    engine.run(maxPool2dGradKernel, { ...p, mask: 0 }, { dy, taps }, { dx: into[0] }).dx,
  ]);
}

export const maxPool2dExample: OpExample = {
  name: 'maxPool2d',
  draw: r => {
    const options: MaxPool2dOptions = {
      window: [r.int(1, 3), r.int(1, 3)],
      stride: [r.int(1, 3), r.int(1, 3)],
      padding: r.pick(['valid', 'same'] as const),
      dropout: r.int(0, 1) ? { rate: r.uniform(0.1, 0.8), id: r.int(0, 5) } : undefined,
    };
    return {
      inputs: [[r.int(1, 2), r.int(3, 6), r.int(3, 6), r.int(1, 3)]],
      // All different and well apart: a maximum must not change hands under a finite difference.
      fill: (_, size, random) => {
        const values = Float64Array.from({ length: size }, (_, i) => i / 8);
        for (let i = size - 1; i > 0; i--) {
          const j = random.int(0, i);
          [values[i], values[j]] = [values[j]!, values[i]!];
        }
        return values;
      },
      apply: ([x]) => maxPool2d(x!, options),
    };
  },
};
