import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { cnn } from '../../src/models/index.ts';
import {
  BatchNorm2d,
  Conv2d,
  Dense,
  Dropout,
  Flatten,
  GlobalAvgPool,
  Layer,
  MaxPool2d,
  Model,
  Residual,
  Sequential,
} from '../../src/nn/index.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { compile } from '../../src/tensor/compile.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { affine, softmaxCrossEntropy } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { onReference } from '../support/build.ts';
import { gpuEngine } from '../support/engine.ts';

const small = () =>
  new Sequential({
    layers: [
      new Conv2d({ name: 'conv1', filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new MaxPool2d({ name: 'pool1', window: 2 }),
      new Flatten({ name: 'flatten' }),
      new Dropout({ name: 'drop1', rate: 0.5 }),
      new Dropout({ name: 'drop2', rate: 0.5 }),
      new Dense({ name: 'logits', units: 4 }),
    ],
  });

const INPUT = [6, 6, 1];
const pictures = (engine: Engine, n = 2, shape = INPUT) =>
  engine.tensor(new Sampler(9).normals(n * shape.reduce((a, b) => a * b, 1)), [n, ...shape]);

describe('Model', () => {
  it('takes other rates of dropout for a pass than it was built with', async () => {
    using model = onReference(small(), INPUT);
    const { engine } = model;
    engine.setStep({ seed: 3, step: 1 });
    expect(model.dropouts).toEqual({ drop1: 0.5, drop2: 0.5 });
    await engine.scope(async () => {
      const x = pictures(engine);
      const [plain, none, one] = [{}, { drop1: 0, drop2: 0 }, { drop2: 0 }].map((dropout, i) =>
        model.forward(x, { training: i > 0, dropout, capture: ['flatten', 'drop1', 'drop2'] }),
      );
      expect(await none!.output.data()).toEqual(await plain!.output.data());
      const { drop1, drop2, flatten } = one!.captured;
      expect(await drop1!.data()).not.toEqual(await flatten!.data());
      expect(await drop2!.data()).toEqual(await drop1!.data());
    });
  });

  it('runs, drops only in training, and draws each dropout for itself', async () => {
    using model = onReference(small(), INPUT);
    const { engine } = model;
    engine.setStep({ seed: 3, step: 1 });
    await engine.scope(async () => {
      const x = pictures(engine);
      const plain = await model.forward(x).data();
      expect(await model.forward(x).data()).toEqual(plain);
      expect(model.forward(x).shape).toEqual([2, 4]);
      const capture = ['flatten', 'drop1', 'drop2'];
      const { captured } = model.forward(x, { training: true, capture });
      const [flat, once, twice] = await Promise.all(capture.map(name => captured[name]!.data()));
      // Where the picture shows something, each keeps about half, and not the same half.
      const alive = [...flat!.keys()].filter(i => flat![i]! > 0);
      const kept = alive.filter(i => once![i]! > 0);
      const keptTwice = kept.filter(i => twice![i]! > 0);
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(alive.length);
      expect(keptTwice.length).toBeGreaterThan(0);
      expect(keptTwice.length).toBeLessThan(kept.length);
      for (const i of kept) expect(once![i]!).toBeCloseTo(2 * flat![i]!, 10);
    });
  });

  it('gives the outputs of layers by name, and says which there are', async () => {
    using model = onReference(small(), INPUT);
    const { engine } = model;
    await engine.scope(async () => {
      const x = pictures(engine);
      const { output, captured } = model.forward(x, { capture: ['conv1', 'logits'] });
      expect(Object.keys(captured)).toEqual(['conv1', 'logits']);
      expect(captured.conv1!.shape).toEqual([2, 6, 6, 3]);
      expect(captured.logits).toBe(output);
      expect(() => model.forward(x, { capture: ['conv2'] })).toThrow(
        "model 'model': there is no layer 'conv2'; there are conv1, pool1",
      );
    });
  });

  it('lets something else go on in place of an output, in a whole pass and in a part of one', async () => {
    using model = onReference(small(), INPUT);
    const { engine } = model;
    await engine.scope(async () => {
      const x = pictures(engine);
      const plain = model.forward(x, { capture: ['conv1'] });
      const replace = { conv1: (y: Tensor) => affine(y, 2) };
      const { output, captured } = model.forward(x, { capture: ['conv1'], replace });
      const [own, doubled] = [await plain.captured.conv1!.data(), await captured.conv1!.data()];
      expect(doubled).toEqual(own.map(value => 2 * value));
      expect(await model.forwardPart(x, { to: 1, replace }).data()).toEqual(doubled);
      expect(await model.forwardPart(captured.conv1!, { from: 1 }).data()).toEqual(await output.data());
      expect(await output.data()).not.toEqual(await plain.output.data());
      expect(() => model.forward(x, { replace: { conv2: y => y } })).toThrow("there is no layer 'conv2'");
    });
    expect(model.findLayer('conv1').output).toEqual([6, 6, 3]);
  });

  it('names the layer that an input does not fit', () => {
    using model = onReference(small(), INPUT);
    const { engine } = model;
    engine.scope(() => {
      expect(() => model.forward(pictures(engine, 2, [6, 6, 3]))).toThrow(ShapeError);
      expect(() => model.forward(pictures(engine, 2, [6, 6, 3]))).toThrow('input has 3 channels, kernel expects 1');
      expect(() => model.forward(pictures(engine, 2, [36]))).toThrow(
        "model 'model': input is f32[2, 36], expected [N, 6, 6, 1]",
      );
      expect(() => model.forward(pictures(engine, 2, [5, 6, 1]))).toThrow('it was built for [N, 6, 6, 1]');
    });
  });

  it('names the layer whose own code gives another shape than it promised', () => {
    class Liar extends Layer {
      readonly type = 'liar';
      build() {
        return { output: [9], flops: 0, apply: (x: Parameters<Model['forward']>[0]) => x };
      }
    }
    const layers = [new Flatten(), new Liar({ name: 'liar' }), new Dense({ name: 'logits', units: 2 })];
    using model = onReference(new Sequential({ layers }), INPUT);
    expect(() => model.forward(pictures(model.engine))).toThrow(
      "dense 'logits': input is [N, 36], it was built for [N, 9]",
    );
  });

  it('comes back from JSON and a file with the same bits', async () => {
    const engine = await gpuEngine();
    using model = new Model(engine, small(), { name: 'toy', inputShape: INPUT, seed: 1 });
    using back = Model.fromJSON(engine, JSON.parse(JSON.stringify(model)), { seed: 2 });
    expect(back.name).toBe('toy');
    await engine.scope(async () => {
      const x = pictures(engine);
      const expected = await model.forward(x).data();
      expect(await back.forward(x).data()).not.toEqual(expected);
      back.load(await model.save(), 'memory');
      expect(await back.forward(x).data()).toEqual(expected);
    });
    expect(() => Model.fromJSON(engine, { ...model.toJSON(), version: 2 })).toThrow(ValueError);
    expect(() => Model.fromJSON(engine, undefined)).toThrow(ValueError);
  });

  it('differentiates through every kind of layer, alike on both engines', async () => {
    const layer = new Sequential({
      layers: [
        new Conv2d({ name: 'conv1', filters: 4, kernelSize: 3, padding: 'same', bias: false }),
        new BatchNorm2d({ name: 'norm' }),
        new Residual({
          name: 'block',
          body: new Conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'tanh' }),
          activation: 'relu',
        }),
        new GlobalAvgPool({ name: 'pool' }),
        new Dense({ name: 'logits', units: 1 }),
      ],
    });
    const results = [];
    for (const engine of [Engine.reference(), await gpuEngine()]) {
      using model = new Model(engine, layer, { inputShape: INPUT, seed: 4 });
      results.push(
        await engine.scope(async () => {
          model.parameters.backward(model.forward(pictures(engine, 1), { training: true }));
          const gradients = await model.parameters.gradients.data();
          return { gradients, state: await model.parameters.state!.data() };
        }),
      );
    }
    const [reference, gpu] = results;
    // Running statistics have moved by a hundredth of the batch's, and not on the GPU alone.
    expect(reference!.state.slice(0, 4).every(v => v !== 0)).toBe(true);
    for (const part of ['gradients', 'state'] as const) {
      const largest = Math.max(...Array.from(reference![part], Math.abs));
      reference![part].forEach((value, i) => {
        expect(Math.abs(gpu![part][i]! - value)).toBeLessThan(1e-4 * largest);
      });
    }
    for (const { name, start, size } of onReference(layer, INPUT).parameters.segments) {
      expect(
        reference!.gradients.slice(start, start + size).some(v => v !== 0),
        name,
      ).toBe(true);
    }
  });

  it('runs in a compiled step with the bits of an eager one', async () => {
    const engine = await gpuEngine();
    using model = new Model(engine, small(), { inputShape: INPUT, seed: 1 });
    const { parameters } = model;
    void parameters.gradients;
    const x = pictures(engine);
    const labels = engine.tensor([1, 3], [2], 'u32');
    const step = () => {
      const { loss } = softmaxCrossEntropy(model.forward(x, { training: true }), labels);
      parameters.backward(loss);
      return loss;
    };
    const eager: unknown[] = [];
    for (const number of [1, 2]) {
      engine.setStep({ seed: 5, step: number });
      await engine.scope(async () => {
        eager.push(await step().item(), await parameters.gradients.data());
      });
    }
    using compiled = await compile(engine, step);
    const replayed: unknown[] = [];
    for (const number of [1, 2]) {
      await compiled.run({ seed: 5, step: number });
      replayed.push(await compiled.result.item(), await parameters.gradients.data());
    }
    expect(replayed).toEqual(eager);
    // Dropout draws anew in the second step.
    expect(eager[3]).not.toEqual(eager[1]);
    x.dispose();
    labels.dispose();
  });

  it('prints a table', () => {
    using model = new Model(Engine.reference(), cnn.build(), { name: 'cnn', inputShape: cnn.inputShape });
    expect(`\n${model.summary()}\n`).toMatchInlineSnapshot(`
      "
      cnn: input 28 x 28 x 1
      layer    type       output shape  parameters      FLOPs     sees
      ----------------------------------------------------------------
      conv1    conv2d     28 x 28 x 32         320    501,760    3 x 3
      pool1    maxPool2d  14 x 14 x 32           0     25,088    4 x 4
      conv2    conv2d     14 x 14 x 64      18,496  7,250,432    8 x 8
      pool2    maxPool2d  7 x 7 x 64             0     12,544  10 x 10
      conv3    conv2d     7 x 7 x 128       73,856  7,237,888  18 x 18
      pool3    maxPool2d  3 x 3 x 128            0      4,608  22 x 22
      flatten  flatten    1152                   0          0  22 x 22
      dense1   dense      128              147,584    295,168      all
      logits   dense      10                 1,290      2,570      all
      ----------------------------------------------------------------
      241,546 parameters; 15,330,058 FLOPs per image, forward
      "
    `);
    using block = onReference(new Residual({ name: 'block', body: new BatchNorm2d(), activation: 'relu' }), [2, 2, 3]);
    expect(`\n${block.summary()}\n`).toMatchInlineSnapshot(`
      "
      model: input 2 x 2 x 3
      layer     type         output shape  parameters  FLOPs   sees
      -------------------------------------------------------------
      body      batchNorm2d  2 x 2 x 3              6     24  1 x 1
      residual  residual     2 x 2 x 3              0     24  1 x 1
      -------------------------------------------------------------
      6 parameters, and 6 running statistics; 48 FLOPs per image, forward
      "
    `);
  });

  it('gives all memory back', async () => {
    const engine = await gpuEngine();
    const before = engine.gpu.device.buffers.stats.live;
    const model = new Model(engine, small(), { inputShape: INPUT });
    await engine.scope(async () => model.forward(pictures(engine)).data());
    model[Symbol.dispose]();
    expect(engine.gpu.device.buffers.stats.live).toBe(before);
  });
});
