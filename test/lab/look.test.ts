import { describe, expect, it } from 'vitest';
import { boxAt, canvasSize, fullLayout, step, thumbnail, valueAt } from '../../lab/page/tabs/look/geometry.ts';
import { groupByMap } from '../../lab/page/tabs/look/group.ts';
import { brief, exact } from '../../lab/page/tabs/look/numbers-text.ts';
import { PICTURE } from '../../lab/station.ts';
import { Backward } from '../../lab/worker/backward.ts';
import { PixelReader } from '../../lab/worker/look/pixel.ts';
import { stationsOf } from '../../lab/worker/look/stations.ts';
import { Engine, findModel, Model, nn, ops } from '../../src/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';
import { gpuEngine } from '../support/engine.ts';

const { BatchNorm2d, Conv2d, Dense, Dropout, Flatten, MaxPool2d, Residual, Sequential } = nn;

/** A little of everything: a block with a way around it, batch norm, pooling, dropout, dense. */
function block(): nn.Layer {
  const same = { kernelSize: 3, padding: 'same' } as const;
  const body = new Sequential({
    layers: [
      new Conv2d({ name: 'inner', filters: 2, ...same, bias: false }),
      new BatchNorm2d({ name: 'norm', activation: 'linear' }),
    ],
  });
  return new Sequential({
    layers: [
      new Conv2d({ name: 'first', filters: 2, ...same, activation: 'relu' }),
      new Residual({ name: 'block', body, activation: 'relu' }),
      new MaxPool2d({ name: 'pool', window: 2 }),
      new Flatten({ name: 'flat' }),
      new Dropout({ name: 'drop', rate: 0.5 }),
      new Dense({ name: 'logits', units: 3 }),
    ],
  });
}

const SHAPE = [4, 4, 1] as const;
const TARGET = 1;

async function look(first = false, engine = Engine.reference()) {
  const model = new Model(engine, block(), { inputShape: SHAPE, seed: 3 });
  const picture = engine.tensor(
    Float32Array.from({ length: 16 }, (_, i) => ((i * 7) % 16) / 16),
    [1, ...SHAPE],
  );
  const onGpu = engine.backend instanceof GpuBackend;
  const options = { picture, labelSmoothing: 0, first: first ? model : undefined, onGpu };
  const backward = await Backward.make(model, options);
  await backward.run(TARGET);
  const reader = new PixelReader(model, backward, picture, { target: TARGET, labelSmoothing: 0 });
  return { engine, model, picture, backward, reader };
}

describe('stations', () => {
  it('are what makes values, in their order, with where these come from and go to', async () => {
    const { model } = await look();
    const stations = stationsOf(model);
    const rows = stations.map(({ name, sources, uses, signed }) => [name, sources, uses, signed]);
    expect(rows).toEqual([
      [PICTURE, [], ['first'], false],
      ['first', [PICTURE], ['block.body.inner', 'block'], false],
      ['block.body.inner', ['first'], ['block.body.norm'], true],
      ['block.body.norm', ['block.body.inner'], ['block'], true],
      ['block', ['block.body.norm', 'first'], ['pool'], false],
      ['pool', ['block'], ['logits'], false],
      ['logits', ['pool'], [], true],
    ]);
    expect(stations.at(-1)!.kernel).toEqual({ name: 'logits.kernel', shape: [2, 2, 2, 3] });
  });

  it.each(['mlp', 'cnn', 'resnet20'])('of %s lead from the picture to the logits', name => {
    const recipe = findModel(name);
    using model = new Model(Engine.reference(), recipe.build(), { inputShape: recipe.inputShape });
    const stations = stationsOf(model);
    const known = new Set(stations.map(one => one.name));
    for (const { name: own, sources, uses, shape } of stations) {
      expect(sources.length > 0).toBe(own !== PICTURE);
      expect(uses.length > 0).toBe(own !== stations.at(-1)!.name);
      for (const other of [...sources, ...uses]) expect(known.has(other)).toBe(true);
      expect([1, 3]).toContain(shape.length);
    }
  });
});

describe('a value written out', () => {
  it('comes to what the engine has, at every station, forwards and backwards', async () => {
    const { model, reader } = await look();
    for (const { name, shape } of stationsOf(model)) {
      const at = shape.map((size, axis) => Math.min(size - 1, 1 + (axis % 2)));
      const { value, made, gradient, back } = await reader.read(name, at);
      if (name === PICTURE) expect(made).toBeUndefined();
      else expect(made).toMatchObject({ kind: 'sum', arithmetic: { result: expect.closeTo(value, 10) } });
      const sums = back.map(part =>
        part.kind === 'sum' ? part.arithmetic.sum : part.kind === 'loss' ? part.sum : NaN,
      );
      expect(sums.reduce((a, b) => a + b, 0)).toBeCloseTo(gradient, 10);
    }
  });

  it('has gradients that the loss really moves by', async () => {
    const { model, engine, picture, reader } = await look();
    const lossAt = async (delta: number): Promise<number> => {
      const values = Float64Array.from(await picture.data());
      values[6] = values[6]! + delta;
      return await engine.scope(async () => {
        const logits = model.forward(engine.tensor(values, [1, ...SHAPE]));
        return await ops.softmaxCrossEntropy(logits, engine.tensor([TARGET], [1], 'u32')).loss.item();
      });
    };
    const slope = ((await lossAt(1e-4)) - (await lossAt(-1e-4))) / 2e-4;
    const { gradient } = await reader.read(PICTURE, [1, 2, 0]);
    expect(gradient).not.toBe(0);
    expect(gradient).toBeCloseTo(slope, 4);
  });

  it('of a dense layer names the places in the maps before what flattens them', async () => {
    const { reader } = await look();
    const { made } = await reader.read('logits', [2]);
    if (made?.kind !== 'sum') throw new Error('no sum');
    expect(made.sources).toEqual([{ station: 'pool', shape: [2, 2, 2] }]);
    const pooled = await reader.read('pool', made.arithmetic.terms[5]!.at);
    expect(made.arithmetic.terms[5]!.value).toBe(pooled.value);
  });

  it('says what there is when a station is unknown', async () => {
    const { reader } = await look();
    await expect(reader.read('flat', [0])).rejects.toThrow(ValueError);
    await expect(reader.read('flat', [0])).rejects.toThrow(/first, block.body.inner/);
  });
});

describe('products map by map', () => {
  it('add up to the sum, lie where the values do, and leave open what is outside', async () => {
    const { reader } = await look();
    const { made } = await reader.read('block.body.inner', [0, 3, 1]);
    if (made?.kind !== 'sum') throw new Error('no sum');
    const groups = groupByMap(made);
    expect(groups).toHaveLength(2);
    expect(Math.abs(groups[0]!.sum)).toBeGreaterThanOrEqual(Math.abs(groups[1]!.sum));
    expect(groups[0]!.sum + groups[1]!.sum).toBeCloseTo(made.arithmetic.sum, 10);
    const { rows, columns, terms, channel } = groups[0]!;
    expect([rows, columns]).toEqual([
      [-1, 0, 1],
      [2, 3, 4],
    ]);
    expect(terms.map(row => row.map(term => term?.at))).toEqual([
      [undefined, undefined, undefined],
      [[0, 2, channel], [0, 3, channel], undefined],
      [[1, 2, channel], [1, 3, channel], undefined],
    ]);
  });
});

describe('the pass backwards on a GPU', () => {
  it('gives what the reference gives, again when weights and target have changed', async () => {
    const [gpu, reference] = [await look(true, await gpuEngine()), await look(true)];
    for (const target of [TARGET, 2]) {
      for (const { model, backward } of [gpu, reference]) {
        model.parameters.get('logits.bias').write([0.3, target, -0.2]);
        await backward.run(target);
      }
      const pick = ({ backward }: typeof gpu) => [
        backward.output('pool'),
        backward.change!,
        backward.gradient(PICTURE),
        ...['first', 'block', 'block.body.norm', 'pool', 'flat', 'drop', 'logits'].map(name => backward.gradient(name)),
        ...['first.kernel', 'block.body.norm.gamma', 'logits.bias'].map(name => backward.parameterGradient(name)),
      ];
      const expected = pick(reference);
      for (const [i, tensor] of pick(gpu).entries()) {
        const [found, wanted] = [await tensor.data(), await expected[i]!.data()];
        expect(found.length).toBe(wanted.length);
        found.forEach((value, k) => {
          expect(value).toBeCloseTo(wanted[k]!, 5);
        });
      }
    }
    gpu.backward[Symbol.dispose]();
    gpu.model[Symbol.dispose]();
    gpu.picture.dispose();
  });
});

describe('the change of weights', () => {
  it('is what they are now less what they were', async () => {
    const { model, backward } = await look(true);
    expect((await backward.change!.data()).every(value => value === 0)).toBe(true);
    const bias = model.parameters.segments.find(({ name }) => name === 'logits.bias')!;
    model.parameters.get(bias.name).write([0.5, 0, -1]);
    await backward.run(TARGET);
    const change = await backward.change!.data();
    expect(Array.from(change.subarray(bias.start, bias.start + 3))).toEqual([0.5, 0, -1]);
  });
});

describe('maps on a canvas', () => {
  const station = { ...{ name: 'c', type: 'conv2d', activation: 'relu', signed: false, sees: '', kernel: undefined } };
  const conv = { ...station, shape: [28, 28, 8], sources: [], uses: [] };
  const dense = { ...station, type: 'dense', shape: [128], sources: [], uses: [] };

  it.each([
    ['maps', conv],
    ['units', dense],
  ])('find back the value of each point: %s', (_, one) => {
    for (const layout of [fullLayout(one, 640), thumbnail(one, 92)]) {
      const { width } = canvasSize(layout);
      expect(width).toBeLessThanOrEqual(640);
      const at = one.shape.length === 1 ? [5] : [13, 27, 5];
      const { x, y, width: w, height: h } = boxAt(layout, at)!;
      expect(valueAt(layout, at.length === 1, x + w / 2, y + h / 2)).toEqual(at);
      expect(valueAt(layout, at.length === 1, -1, 0)).toBeUndefined();
    }
  });

  it('are walked by keys, and not left', () => {
    const layout = fullLayout(conv, 640);
    expect(step(layout, [3, 4, 5], 'ArrowDown')).toEqual([4, 4, 5]);
    expect(step(layout, [3, 27, 5], 'ArrowRight')).toEqual([3, 27, 5]);
    expect(step(layout, [3, 4, 7], 'PageDown')).toEqual([3, 4, 7]);
    expect(step(layout, [3, 4, 5], 'a')).toBeUndefined();
    expect(step(fullLayout(dense, 640), [0], 'ArrowDown')).toEqual([fullLayout(dense, 640).columns]);
  });
});

describe('numbers', () => {
  it('have as many digits as count', () => {
    expect([0, -0.43214, 12345.6, 1e-6, -2.5e-5].map(exact)).toEqual([
      '0',
      '−0.4321',
      '12350',
      '1.000e−6',
      '−2.500e−5',
    ]);
    expect([0, -0.43214, 12.34, 123.4, 0.0004, -31234].map(brief)).toEqual([
      '0',
      '−0.43',
      '12.3',
      '123',
      '4e−4',
      '−3.1e4',
    ]);
  });
});
