import {
  OUT_CHANNELS,
  type PreprocessParams,
  preprocessGradKernel,
  preprocessKernel,
} from '../../kernels/preprocess.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

export interface PreprocessOptions {
  /** Rows and columns of the pictures that are made. */
  readonly size: number;
  /**
   * How they come to be of that size: 'pad' puts a picture in the middle of a black one, 'bilinear' stretches it, with the
   * centres of pixels at halves and the edge repeated, as `tf.image.resize` and PyTorch do.
   */
  readonly resize: 'pad' | 'bilinear';
  /** Order of the channels that are made, of RGB or grey pictures; a grey value is repeated. Default 'rgb'. */
  readonly channels?: 'rgb' | 'bgr';
  /** What values are multiplied by. Default 1. */
  readonly scale?: number;
  /** Subtracted afterwards, from the channels as they are made; also from black ground. Default 0. */
  readonly mean?: readonly [number, number, number];
}

/**
 * Pictures as a pretrained network wants them: of its size, with its three channels, scaled and centred.
 * @param x f32 [N, H, W, C], grey (C = 1) or RGB (C = 3).
 * @returns f32 [N, size, size, 3].
 * @throws ShapeError for other channels, or when a picture is too large to be padded.
 */
export function preprocess(x: Tensor, options: PreprocessOptions): Tensor {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const { size, resize, channels = 'rgb', scale = 1, mean: [mean0, mean1, mean2] = [0, 0, 0] } = options;
  if (x.rank !== 4 || (c !== 1 && c !== 3)) {
    throw new ShapeError(`preprocess: it takes grey or RGB pictures [N, H, W, 1 or 3], got ${x}`);
  }
  if (!Number.isInteger(size) || size < 1 || (resize === 'pad' && size < Math.max(h, w))) {
    throw new ShapeError(
      `preprocess: pictures of ${h} x ${w} cannot be padded to ${size}; take a larger size or bilinear`,
    );
  }
  const spread = Number(resize === 'bilinear' && (size !== h || size !== w));
  const p: PreprocessParams = {
    n,
    h,
    w,
    c,
    size,
    spread,
    reverse: Number(channels === 'bgr'),
    scale,
    mean0,
    mean1,
    mean2,
  };
  const y = compute(preprocessKernel, p, { x }, [n, size, size, OUT_CHANNELS]);
  return x.engine.record('preprocess', [x], y, ({ dy, into }) => [
    compute(preprocessGradKernel, p, { dy }, x.shape, into[0]),
  ]);
}

export const preprocessExample: OpExample = {
  name: 'preprocess',
  draw: r => {
    const [h, w, resize] = [r.int(1, 4), r.int(1, 4), r.pick(['pad', 'bilinear'] as const)];
    const size = resize === 'pad' ? r.int(4, 6) : r.int(1, 7);
    const mean = [r.normal(), r.normal(), r.normal()] as const;
    const options = { size, resize, channels: r.pick(['rgb', 'bgr'] as const), scale: r.uniform(0.5, 2), mean };
    return { inputs: [[r.int(1, 2), h, w, r.pick([1, 3])]], apply: ([x]) => preprocess(x!, options) };
  },
};
