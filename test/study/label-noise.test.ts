import { describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { findLabelNoise, flipLabels, precisionAt, rankByDoubt } from '../../src/study/label-noise.ts';
import { toMatrix } from '../../src/study/matrix.ts';
import { foldsOf, linearOutOfFold, outOfFold, trainOutOfFold } from '../../src/study/out-of-fold.ts';
import { gpuEngine } from '../support/engine.ts';
import { denseNet, TOY, toyImages, toyTraining } from '../train/toy.ts';

const CLASSES = 3;

describe('label noise', () => {
  it('counts by hand: confident joint, thresholds, suspects by their margin', () => {
    const p = [
      [0.9, 0.1, 0],
      [0.7, 0.2, 0.1],
      [0.1, 0.8, 0.1],
      [0.2, 0.6, 0.2],
      [0.85, 0.1, 0.05],
    ];
    const found = findLabelNoise(Float32Array.from(p.flat()), [0, 0, 1, 1, 1], 3);
    // Label 0: (0.9 + 0.7) / 2; label 1: (0.8 + 0.6 + 0.1) / 3.
    expect(found.thresholds[0]).toBeCloseTo(0.8, 6);
    expect(found.thresholds[1]).toBeCloseTo(0.5, 6);
    expect(found.joint).toEqual([
      [1, 0, 0],
      [1, 2, 0],
      [0, 0, 0],
    ]);
    expect(found.suspects).toHaveLength(1);
    expect(found.suspects[0]).toMatchObject({ index: 4, label: 1, suggested: 0 });
    expect(found.suspects[0]!.margin).toBeCloseTo(-0.75, 6);
    // Label 1, three fifths of the examples, is wrong in one of three.
    expect(found.share).toBeCloseTo(0.2, 6);
    expect([...rankByDoubt(Float32Array.from(p.flat()), [0, 0, 1, 1, 1], 3)].slice(0, 2)).toEqual([4, 3]);
    expect(() => findLabelNoise(new Float32Array(5), [0, 1], 3)).toThrow(ShapeError);
  });

  it('finds planted flips out of fold, and about how many there are', async () => {
    const random = new Sampler(1);
    const truth = Uint8Array.from({ length: 300 }, (_, i) => i % CLASSES);
    const values = Array.from(truth, label =>
      Array.from({ length: 6 }, (_, k) => (k === label ? 4 : 0) + random.normal()),
    );
    const features = toMatrix(Float32Array.from(values.flat()), 6);
    const { labels, planted } = flipLabels(truth, CLASSES, 30, 2);
    const engine = await gpuEngine();
    const probabilities = await linearOutOfFold(engine, features, labels, CLASSES, { folds: 3 });
    const [top] = precisionAt(rankByDoubt(probabilities, labels, CLASSES), planted, [30]);
    expect(top).toBeGreaterThan(0.9);
    const { share, suspects } = findLabelNoise(probabilities, labels, CLASSES);
    expect(share).toBeGreaterThan(0.06);
    expect(share).toBeLessThan(0.15);
    for (const { index, suggested } of suspects.slice(0, 20)) expect(suggested).toBe(truth[index]);
    // The order of nothing knows nothing.
    const any = Uint32Array.from({ length: 300 }, (_, i) => i);
    expect(precisionAt(any, planted, [300])[0]).toBeCloseTo(0.1, 12);
  });

  it('flips as many as it says, each to another class, the same ones for a seed', () => {
    const labels = Uint8Array.from({ length: 50 }, (_, i) => i % CLASSES);
    const flipped = flipLabels(labels, CLASSES, 12, 7);
    const changed = Array.from(labels.keys()).filter(i => labels[i] !== flipped.labels[i]);
    expect(new Set(changed)).toEqual(flipped.planted);
    expect(changed).toHaveLength(12);
    expect(flipLabels(labels, CLASSES, 12, 7)).toEqual(flipped);
    expect(flipLabels(labels, CLASSES, 12, 8).planted).not.toEqual(flipped.planted);
    expect(() => flipLabels(labels, CLASSES, 51, 1)).toThrow(ValueError);
  });

  it('finds them by networks trained without the image in question', async () => {
    const engine = await gpuEngine();
    const images = toyImages(300);
    const { labels, planted } = flipLabels(images.labels, TOY.classes, 20, 5);
    using data = new GpuDataset(engine, { ...images, labels });
    const training = toyTraining({ epochs: 12 });
    const found = await trainOutOfFold(() => denseNet(engine), data, training);
    const [top] = precisionAt(rankByDoubt(found, labels, TOY.classes), planted, [20]);
    // By chance a fifteenth.
    expect(top).toBeGreaterThan(0.6);
  });

  it('puts what is predicted of each held example in its place', async () => {
    const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 2);
    const seen: number[] = [];
    const found = await outOfFold(foldsOf(labels, 3, 1), 2, async ({ train, held }, number) => {
      seen.push(number);
      expect(train).toHaveLength(8);
      return Float32Array.from(held.length === 4 ? [...held].flatMap(i => [i, -i]) : []);
    });
    expect(seen).toEqual([0, 1, 2]);
    expect([...found]).toEqual(
      [...labels.keys()].flatMap(i => [i, -i]).map(value => value || (Object.is(value, -0) ? -0 : 0)),
    );
  });

  it('holds each example out once, classes in proportion', () => {
    const labels = Uint8Array.from({ length: 62 }, (_, i) => i % CLASSES);
    const folds = foldsOf(labels, 4, 3);
    expect(folds.flatMap(({ held }) => [...held]).sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
    for (const { train, held } of folds) {
      expect(train.length + held.length).toBe(62);
      expect(train.some(i => held.includes(i))).toBe(false);
      for (let c = 0; c < CLASSES; c++) {
        expect(Math.abs(held.filter(i => labels[i] === c).length - held.length / CLASSES)).toBeLessThan(1.5);
      }
    }
    expect(() => foldsOf(labels, 1, 1)).toThrow(ValueError);
  });
});
