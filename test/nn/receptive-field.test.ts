import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { sizeOf } from '../../src/kernels/spec.ts';
import {
  AvgPool2d,
  Conv2d,
  Dense,
  Flatten,
  GlobalAvgPool,
  type Layer,
  MaxPool2d,
  Model,
  Preprocess,
  Residual,
  Sequential,
} from '../../src/nn/index.ts';
import { fieldBox, type PixelBox } from '../../src/nn/receptive-field.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { slice, sum } from '../../src/tensor/ops/index.ts';

/** Pictures tried: of a max pooling's window, one pixel alone has a gradient for each. */
const PICTURES = 12;

/** The smallest box that holds all pixels with a gradient of the outputs at (row, column), over several pictures. */
async function gradientSupport(
  model: Model,
  row: number,
  column: number,
  random: Sampler,
): Promise<PixelBox | undefined> {
  const { engine } = model;
  const [height, width, channels] = model.inputShape as [number, number, number];
  const shape = [PICTURES, ...model.inputShape];
  const values = await engine.scope(async () => {
    const x = engine.tensor(random.normals(sizeOf(shape)), shape).watch();
    const y = model.forward(x);
    const [, , , filters] = y.shape as [number, number, number, number];
    const [dx] = gradients(sum(slice(y, [0, row, column, 0], [-1, 1, 1, filters])), [x]);
    return await dx!.data();
  });
  const seen = Array.from(values).flatMap((value, i) =>
    value === 0 ? [] : [Math.floor(i / channels) % (height * width)],
  );
  if (seen.length === 0) return undefined;
  const [rows, columns] = [seen.map(i => Math.floor(i / width)), seen.map(i => i % width)];
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  return { top, bottom: Math.max(...rows) + 1, left, right: Math.max(...columns) + 1 };
}

const seq = (...layers: Layer[]) => new Sequential({ layers });
const conv = (kernelSize: number | [number, number], options: Partial<ConstructorParameters<typeof Conv2d>[0]> = {}) =>
  new Conv2d({ filters: 3, kernelSize, ...options });

describe('the receptive field is the support of the gradient', () => {
  it.each<[string, Layer, number[]]>([
    ['a convolution', conv([3, 2]), [8, 9, 1]],
    ['with padding', conv(3, { padding: 'same' }), [7, 6, 2]],
    ['with stride', conv([3, 2], { stride: [2, 3], padding: 'same' }), [11, 10, 1]],
    ['with dilation', seq(conv([3, 2], { dilation: [1, 2] }), conv(2, { dilation: [2, 1] })), [9, 8, 1]],
    [
      'stride 2 on an even picture, padded behind only',
      seq(conv(3, { stride: 2, padding: 'same' }), conv(3, { padding: 'same' })),
      [12, 12, 1],
    ],
    [
      'behind poolings',
      seq(conv(3, { padding: 'same' }), new MaxPool2d({ window: 2 }), conv(2), new AvgPool2d({ window: [1, 2] })),
      [12, 12, 1],
    ],
    [
      'overlapping poolings',
      seq(new AvgPool2d({ window: 3, stride: 2, padding: 'same' }), conv(3, { padding: 'same' })),
      [11, 11, 2],
    ],
    [
      'a residual block whose shortcut has a stride',
      new Residual({
        body: seq(conv(3, { stride: 2, padding: 'same' }), conv(3, { padding: 'same' })),
        shortcut: conv(1, { stride: 2 }),
      }),
      [9, 9, 2],
    ],
    [
      'a picture that was padded',
      seq(new Preprocess({ size: 12, resize: 'pad' }), conv(3, { padding: 'same' })),
      [8, 7, 1],
    ],
    [
      'a picture that was stretched',
      seq(new Preprocess({ size: 16, resize: 'bilinear' }), conv(3, { padding: 'same' })),
      [7, 7, 1],
    ],
    ['a picture that was shrunk', seq(new Preprocess({ size: 6, resize: 'bilinear' }), conv(2)), [14, 14, 1]],
  ])('of %s', async (_, layer, inputShape) => {
    using engine = Engine.reference();
    using model = new Model(engine, layer, { inputShape, seed: 4 });
    const random = new Sampler(2);
    const [height, width] = model.outputShape as [number, number];
    const places = [
      [0, 0],
      [height - 1, width - 1],
      [Math.floor(height / 2), Math.floor(width / 2)],
    ] as const;
    for (const [row, column] of places) {
      const box = fieldBox(model.root.field, row, column, inputShape);
      const support = await gradientSupport(model, row, column, random);
      // Where a window sees nothing but padding, its box is empty.
      if (support) expect(box, `at ${row}, ${column}`).toEqual(support);
      else expect((box.bottom - box.top) * (box.right - box.left), `at ${row}, ${column}`).toBe(0);
    }
  });

  it('is the whole picture behind a dense layer and a global pooling', () => {
    using engine = Engine.reference();
    for (const layer of [seq(conv(3), new GlobalAvgPool({})), seq(new Flatten({}), new Dense({ units: 2 }))]) {
      using model = new Model(engine, layer, { inputShape: [8, 6, 1], seed: 1 });
      expect(fieldBox(model.root.field, 0, 0, [8, 6, 1])).toEqual({ top: 0, bottom: 8, left: 0, right: 6 });
    }
  });
});
