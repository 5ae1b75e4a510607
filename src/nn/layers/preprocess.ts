import type { Shape } from '../../kernels/spec.ts';
import { type PreprocessOptions as PictureOptions, preprocess } from '../../tensor/ops/index.ts';
import { type BuildScope, type Built, Layer, type LayerOptions } from '../layer.ts';

export interface PreprocessOptions extends LayerOptions, PictureOptions {}

/**
 * Pictures as a pretrained network wants them, as a layer of that network: [H, W, 1 or 3] to [size, size, 3], padded or
 * stretched, in the order of channels, the range and around the mean of the pictures it was trained on. So whatever runs
 * the network, or keeps it in a file, does the same to its pictures. No parameters.
 * @throws ShapeError for other channels, or for pictures too large to be padded.
 */
export class Preprocess extends Layer<PreprocessOptions> {
  readonly type = 'preprocess';

  build(input: Shape, scope: BuildScope): Built {
    const { name: _, ...options } = this.options;
    const [height, width, channels] = scope.picture(input);
    const size = scope.count('size', options.size);
    if (channels !== 1 && channels !== 3) scope.refuse(`input has ${channels} channels; it takes grey or RGB pictures`);
    if (options.resize === 'pad' && size < Math.max(height, width)) {
      scope.refuse(`pictures of ${height} x ${width} cannot be padded to ${size}; take a larger size, or 'bilinear'`);
    }
    const values = size * size * 3;
    // Of each axis: how far apart the pixels lie of which two neighbours are made, and where the first of them lies.
    const stride = (length: number) => (options.resize === 'pad' ? 1 : length / size);
    const before = (length: number) =>
      options.resize === 'pad' ? Math.floor((size - length) / 2) : (1 - length / size) / 2;
    return {
      output: [size, size, 3],
      flops: values * (options.resize === 'bilinear' ? 11 : 2),
      reach: { window: [1, 1], stride: [stride(height), stride(width)], before: [before(height), before(width)] },
      apply: x => preprocess(x, options),
    };
  }
}
