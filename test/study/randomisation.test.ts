import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/platform/errors.ts';
import { cascade, gradient, guidedBackprop, sobel } from '../../src/study/index.ts';
import { IMAGE, network, pictures } from './models.ts';

const image = pictures(IMAGE);

describe('cascading randomisation', () => {
  it('takes the layers from the last to the first, a residual block as one', async () => {
    const layersOf = async (kind: string, steps?: number) => {
      using model = network(kind);
      const { map } = await cascade(model, image, { map: async () => image }, { ...(steps && { steps }) });
      return map.map(step => step.layers);
    };
    expect(await layersOf('cnn')).toEqual([[], ['logits'], ['conv2'], ['conv1']]);
    expect(await layersOf('resnet')).toEqual([[], ['logits'], ['block1']]);
    expect(await layersOf('cnn', 2)).toEqual([[], ['logits'], ['conv2', 'conv1']]);
    expect(await layersOf('cnn', 1)).toEqual([[], ['logits', 'conv2', 'conv1']]);
  });

  for (const kind of ['mlp', 'cnn', 'resnet']) {
    it(`changes the gradient of the ${kind}, and leaves an edge detector as it is`, async () => {
      using model = network(kind);
      const explainers = {
        gradient: (of: typeof model) => gradient(of, image, { target: 1 }),
        edges: async () => sobel(image),
      };
      const { gradient: steps, edges } = await cascade(model, image, explainers, { seed: 9 });
      expect(steps[0]!.trained.rank).toBeCloseTo(1, 12);
      expect(steps[0]!.trained.structure).toBeCloseTo(1, 12);
      expect(steps.map(({ all }) => all)).toEqual([...steps.slice(1).map(() => false), true]);
      expect(Math.abs(steps[steps.length - 1]!.trained.rank)).toBeLessThan(0.6);
      expect(steps[steps.length - 1]!.trained.structure).toBeLessThan(0.6);
      for (const step of edges) {
        expect(step.trained.rank).toBeCloseTo(1, 12);
        expect(step.edges.structure).toBeCloseTo(1, 12);
      }
    });
  }

  it('lets guided backpropagation keep more of its map than the gradient, when upper layers forget', async () => {
    const kept = { gradient: 0, guided: 0 };
    for (const seed of [1, 2, 3, 4, 5]) {
      using model = network('cnn', 20 + seed);
      const explainers = {
        gradient: (of: typeof model) => gradient(of, image, { target: 1 }),
        guided: (of: typeof model) => guidedBackprop(of, image, { target: 1 }),
      };
      const found = await cascade(model, image, explainers, { seed });
      kept.gradient += found.gradient[1]!.trained.rank / 5;
      kept.guided += found.guided[1]!.trained.rank / 5;
    }
    expect(kept.guided).toBeGreaterThan(kept.gradient + 0.1);
  });

  it('leaves the model as it is, and is the same for the same seed', async () => {
    using model = network('resnet');
    const before = await model.save();
    const explainers = { gradient: (of: typeof model) => gradient(of, image, { target: 1 }) };
    const run = (seed: number) => cascade(model, image, explainers, { seed });
    const [one, again, other] = [await run(1), await run(1), await run(2)];
    expect(await model.save()).toEqual(before);
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('does not take the values for random that the network itself began with', async () => {
    using model = network('mlp', 5);
    const explainers = { gradient: (of: typeof model) => gradient(of, image, { target: 1 }) };
    const { gradient: steps } = await cascade(model, image, explainers, { seed: 5 });
    expect(Math.abs(steps[steps.length - 1]!.trained.rank)).toBeLessThan(0.6);
  });

  it('does not take two maps for alike because both leave a black background out', async () => {
    using model = network('cnn');
    const dark = { shape: IMAGE, values: image.values.map((value, i) => (i < 48 ? 0 : value)) };
    const times = async (of: typeof model) => {
      const { shape, values } = await gradient(of, dark, { target: 1 });
      return { shape, values: values.map((value, i) => value * dark.values[i]!) };
    };
    const { times: steps } = await cascade(model, dark, { times }, { seed: 9 });
    const { rank, rankOfAll } = steps[steps.length - 1]!.trained;
    expect(rankOfAll).toBeGreaterThan(0.8);
    expect(Math.abs(rank)).toBeLessThan(0.6);
  });

  it('says how far it is, and refuses no steps', async () => {
    using model = network('cnn');
    const heard: number[][] = [];
    await cascade(model, image, {}, { progress: (...at) => heard.push(at) });
    expect(heard).toEqual([0, 1, 2, 3, 4].map(i => [i, 4]));
    await expect(cascade(model, image, {}, { steps: 0 })).rejects.toThrow(ValueError);
  });
});
