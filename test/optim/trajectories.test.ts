import { describe, expect, it, onTestFinished } from 'vitest';
import { BLOCK } from '../../src/kernels/flat.ts';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import { adam, adamW, clipByGlobalNorm, type Optimizer, rmsprop, sgd } from '../../src/optim/index.ts';
import { gpuEngine } from '../support/engine.ts';
import { goldenFiles, readGolden, relativeError } from '../support/goldens.ts';

// Keras's optimizers beside ours: 12 steps, on gradients whose norm grows over eight orders of magnitude.

/** Relative to the largest parameter. */
const TOLERANCE = 1e-5;

/**
 * Settings that are not defaults of both. The files do not name the weight decay and the largest norm; of round numbers
 * only 0.05 and 1 give their trajectories.
 */
const OPTIMIZERS: Record<string, () => Optimizer> = {
  sgd: () => sgd(),
  momentum: () => sgd({ momentum: 0.9 }),
  nesterov: () => sgd({ momentum: 0.9, nesterov: true }),
  adam: () => adam(),
  adam_amsgrad: () => adam({ amsgrad: true }),
  adam_clipnorm: () => clipByGlobalNorm(adam(), 1),
  adamw: () => adamW({ weightDecay: 0.05 }),
  rmsprop: () => rmsprop(),
};

describe('optimizers follow those of Keras', () => {
  const files = goldenFiles().filter(name => name.startsWith('opt_'));

  it('all of them', () => {
    expect(files.map(file => readGolden(file).op).sort()).toEqual(Object.keys(OPTIMIZERS).sort());
  });

  for (const file of files) {
    it(file, async () => {
      const { op, attributes, tensors } = readGolden(file);
      const { p0, grads, trajectory } = tensors;
      const size = p0!.values.length;
      const padded = Math.ceil(size / BLOCK) * BLOCK;
      const flat = (values: ArrayLike<number>) => Float32Array.from({ length: padded }, (_, i) => values[i] ?? 0);

      const engine = await gpuEngine();
      onTestFinished(() => engine.setStep(DEFAULT_STEP));
      await engine.scope(async () => {
        const optimizer = OPTIMIZERS[op]!();
        const parameters = engine.tensor(flat(p0!.values), [padded], 'f32', 'parameters');
        const gradients = engine.zeros([padded], 'gradients');
        const segments = engine.tensor(new Float32Array((2 * padded) / BLOCK).fill(1), [padded / BLOCK, 2]);
        const notFinite = engine.tensor([0], [1], 'u32');
        const state = optimizer.init(parameters);
        const steps = grads!.shape[0]!;
        for (let t = 0; t < steps; t++) {
          gradients.write(flat(grads!.values.subarray(t * size, (t + 1) * size)));
          engine.setStep({ step: t + 1, learningRate: attributes.lr as number });
          optimizer.update({ parameters, gradients, segments, state, notFinite });
          const expected = trajectory!.values.subarray(t * size, (t + 1) * size) as Float32Array;
          const actual = (await parameters.data()).subarray(0, size);
          expect(relativeError(actual, expected), `step ${t + 1}`).toBeLessThanOrEqual(TOLERANCE);
        }
        expect((await notFinite.data())[0]).toBe(0);
        for (const tensor of Object.values(state)) tensor.dispose();
      });
    });
  }
});
