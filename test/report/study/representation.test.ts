import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GpuDataset } from '../../../src/data/gpu-dataset.ts';
import { Conv2d, Dense, Flatten, MaxPool2d, Model, Sequential } from '../../../src/nn/index.ts';
import { fromBase64 } from '../../../src/report/format.ts';
import { STUDIES, type StudiedRun, type Subject } from '../../../src/report/study/index.ts';
import { studyHtml } from '../../../src/report/study/page.ts';
import type { Picture } from '../../../src/report/types.ts';
import type { Engine } from '../../../src/tensor/engine.ts';
import { fit as fitModel } from '../../../src/train/fit.ts';
import { gpuEngine } from '../../support/engine.ts';
import { TOY, toyImages, toyTraining } from '../../train/toy.ts';

const NAMES = ['maps', 'probe', 'cka', 'ablation', 'adversarial', 'calibration', 'embedding', 'labels'];

const QUICK = ['cka', 'ablation', 'adversarial', 'calibration', 'labels'];

let engine: Engine;
let subject: Subject;
const models: Model[] = [];
const results = new Map<string, unknown>();

function network(seed: number): Model {
  const layers = [
    new Conv2d({ name: 'conv', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    new MaxPool2d({ name: 'pool', window: 2 }),
    new Flatten({ name: 'flatten' }),
    new Dense({ name: 'dense', units: 12, activation: 'relu' }),
    new Dense({ name: 'logits', units: TOY.classes }),
  ];
  const model = new Model(engine, new Sequential({ layers }), { inputShape: [TOY.size, TOY.size, 1], seed });
  models.push(model);
  return model;
}

function runOf(path: string, model: Model): StudiedRun {
  const control = async () => network(90);
  return { path, model, looks: undefined, first: control, untrained: control };
}

beforeAll(async () => {
  engine = await gpuEngine();
  const [train, test] = [toyImages(160, 1), toyImages(120, 2)];
  const model = network(1);
  using data = new GpuDataset(engine, train);
  const all = Uint32Array.from({ length: 160 }, (_, i) => i);
  await fitModel(model, { data, train: all }, { training: toyTraining({ epochs: 8 }) });
  const sample = (images: typeof train, what: string) => ({
    ...{ images, what },
    numbers: Uint32Array.from({ length: images.count }, (_, i) => 1000 + i),
  });
  subject = {
    ...{
      engine,
      signal: new AbortController().signal,
      progress: () => {},
    },
    run: runOf('runs/a', model),
    others: [runOf('runs/b', network(2))],
    seen: sample(train, 'training images'),
    unseen: sample(test, 'test images'),
  };
});

afterAll(() => {
  for (const model of models) model[Symbol.dispose]();
});

describe.each(NAMES)('the study %s', name => {
  it('gives plain JSON, the same every time, and a part of the page without gaps', async () => {
    const study = STUDIES[name]!;
    expect(study.unfit?.(subject)).toBeUndefined();
    const result = await study.run(subject);
    results.set(name, result);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    // Of the others, which take seconds, the tests of their functions say it.
    if (QUICK.includes(name)) expect(await study.run(subject)).toEqual(result);
    const about = { format: 'weft study 1', command: 'weft study', updated: '2026-11-29T07:00:00.000Z' } as const;
    const page = studyHtml({
      ...{
        ...about,
        run: 'runs/a',
        others: ['runs/b'],
        title: 'toy',
        parameters: 1,
        seed: 1,
        weights: 'of 6 epochs',
        data: 'toy',
      },
      ...{ images: '120', device: { adapter: '', driver: '', software: true }, versions: {} },
      studies: [{ name, seconds: 1, result }],
    });
    expect(page).toContain(study.title);
    expect(page).not.toMatch(/NaN|undefined|\[object|Infinity/);
  });
});

describe('what the studies say of a small trained network', () => {
  const of = <T>(name: string) => results.get(name) as T;

  it('maps: those of guided backpropagation keep more than the gradient, and each class has its mean picture', () => {
    type M = { title: string; halfway: { rank: number }[]; end: unknown[] };
    const { methods, half, images, example, classes } = of<{
      images: number;
      half: string[];
      methods: M[];
      example: { label: string; maps: { stages: { shape: number[]; values: number[] }[] }[] };
      classes: { layer: string; trained: unknown[]; pictures: Picture[] };
    }>('maps');
    expect([images, half]).toEqual([TOY.classes, ['logits', 'dense']]);
    for (const { halfway, end } of methods) expect([halfway.length, end.length]).toEqual([TOY.classes, TOY.classes]);
    const kept = (title: string) =>
      methods.find(method => method.title === title)!.halfway.reduce((sum, { rank }) => sum + Math.abs(rank), 0);
    expect(kept('Guided backpropagation')).toBeGreaterThan(kept('Gradient'));
    expect([example.label, example.maps.length]).toEqual([toyImages(1, 1).classes[0], methods.length]);
    for (const { stages } of example.maps) {
      const [trained, ...random] = stages.map(({ values }) => values);
      expect(trained).toHaveLength(TOY.size ** 2);
      for (const values of random) expect(values).not.toEqual(trained);
    }
    expect([classes.layer, classes.trained.length, classes.pictures.length]).toEqual([
      'conv',
      TOY.classes,
      TOY.classes,
    ]);
    classes.pictures.forEach((picture, label) => {
      const quarters = [0, 0, 0, 0];
      fromBase64(picture.pixels).forEach((value, i) => {
        quarters[2 * Number(Math.floor(i / TOY.size) >= TOY.size / 2) + Number(i % TOY.size >= TOY.size / 2)]! += value;
      });
      expect(quarters.indexOf(Math.max(...quarters))).toBe(label);
    });
  });

  it('probes: more in the last features than in random ones, nothing in shuffled labels', () => {
    const { layers, untrained } = of<{ layers: P[]; untrained: P[] }>('probe');
    type P = { layer: string; accuracy: number; shuffledAccuracy: number };
    expect(layers.map(({ layer }) => layer)).toEqual(['pixels', 'conv', 'pool', 'dense', 'logits']);
    expect(layers[3]!.accuracy).toBeGreaterThan(untrained[3]!.accuracy - 0.05);
    for (const { shuffledAccuracy } of layers) expect(shuffledAccuracy).toBeLessThan(0.5);
  });

  it('CKA: 1 with itself, about 0 with the images in another order', () => {
    const { similarity, shuffled, networks } = of<{
      similarity: number[][];
      shuffled: number[];
      networks: { name: string }[];
    }>('cka');
    expect(networks.map(({ name }) => name)).toEqual(['this network', 'random weights', 'runs/b']);
    similarity.forEach((row, i) => {
      expect(row[i]).toBeCloseTo(1, 9);
    });
    for (const value of shuffled) expect(Math.abs(value)).toBeLessThan(0.2);
  });

  it('attacks: PGD leaves less than noise', () => {
    const { results, clean } = of<{ clean: number; results: Record<'pgd' | 'noise', { accuracy: number }>[] }>(
      'adversarial',
    );
    const strongest = results.at(-1)!;
    expect(strongest.pgd.accuracy).toBeLessThan(strongest.noise.accuracy);
    expect(strongest.noise.accuracy).toBeGreaterThan(clean - 0.15);
  });

  it('labels: planted ones are found far above chance', () => {
    const { proof, images } = of<{
      images: number;
      proof: { planted: number; ks: number[]; network: number[]; outOfFold: number[] };
    }>('labels');
    const at = proof.ks.indexOf(proof.planted);
    expect(proof.network[at]).toBeGreaterThan((4 * proof.planted) / images);
    expect(proof.outOfFold[at]).toBeGreaterThan((4 * proof.planted) / images);
  });
});

it('say why they cannot be done', () => {
  const few = { ...subject, unseen: { ...subject.unseen, images: toyImages(6) } };
  for (const name of ['cka', 'calibration', 'embedding', 'labels'])
    expect(STUDIES[name]!.unfit?.(few)).toMatch(/images/);
  const flat = new Sequential({ layers: [new Flatten({}), new Dense({ units: TOY.classes })] });
  using model = new Model(engine, flat, { inputShape: [TOY.size, TOY.size, 1] });
  for (const name of ['ablation', 'embedding', 'labels']) {
    expect(STUDIES[name]!.unfit?.({ ...subject, run: { ...subject.run, model } })).toMatch(/no hidden layer/);
  }
});
