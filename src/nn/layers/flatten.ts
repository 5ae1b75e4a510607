import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { reshape } from '../../tensor/ops/index.ts';
import { type Built, Layer, type LayerOptions } from '../layer.ts';

/** Every value of an example in a row, channels fastest: [H, W, C] to [H * W * C]. */
export class Flatten extends Layer {
  readonly type = 'flatten';

  constructor(options: LayerOptions = {}) {
    super(options);
  }

  build(input: Shape): Built {
    const size = sizeOf(input);
    return { output: [size], flops: 0, apply: x => reshape(x, [x.shape[0]!, size]) };
  }
}
