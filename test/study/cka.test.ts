import { describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { CkaSums, centreGram, hsic, reorder } from '../../src/study/cka.ts';
import { compareLayers } from '../../src/study/compare-layers.ts';
import { gpuEngine } from '../support/engine.ts';
import { convNet, denseNet, toyImages } from '../train/toy.ts';

const normal = (rows: number, columns: number, seed: number) => {
  const random = new Sampler(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
};

const gram = (x: number[][]) => x.flatMap(a => x.map(b => a.reduce((sum, value, k) => sum + value * b[k]!, 0)));

const cka = (x: number[][], y: number[][]) => {
  const sums = new CkaSums();
  sums.add(centreGram(gram(x)), centreGram(gram(y)));
  return sums.result().cka;
};

/** Gram and Schmidt of a random matrix. */
function orthogonal(n: number, seed: number): number[][] {
  const q = normal(n, n, seed);
  for (const [i, row] of q.entries()) {
    for (const before of q.slice(0, i)) {
      const along = row.reduce((sum, value, k) => sum + value * before[k]!, 0);
      for (let k = 0; k < n; k++) row[k]! -= along * before[k]!;
    }
    const length = Math.hypot(...row);
    for (let k = 0; k < n; k++) row[k]! /= length;
  }
  return q;
}

const times = (x: number[][], q: number[][]) =>
  x.map(row => q[0]!.map((_, c) => row.reduce((sum, value, k) => sum + value * q[k]![c]!, 0)));

/** Equation 5 of Song et al. (2012), written as it stands there. */
function songHsic(k: number[], l: number[], n: number): number {
  const off = (m: number[]) => m.map((value, at) => (Math.floor(at / n) === at % n ? 0 : value));
  const [a, b] = [off(k), off(l)];
  const sum = (m: number[]) => m.reduce((total, value) => total + value, 0);
  const row = (m: number[], i: number) => sum(m.slice(i * n, (i + 1) * n));
  const trace = sum(a.map((value, at) => value * b[(at % n) * n + Math.floor(at / n)]!));
  const mixed = sum(Array.from({ length: n }, (_, i) => row(a, i) * row(b, i)));
  return (trace + (sum(a) * sum(b)) / ((n - 1) * (n - 2)) - (2 / (n - 2)) * mixed) / (n * (n - 3));
}

describe('CKA', () => {
  const x = normal(40, 12, 1);

  it('is the estimator of Song et al.', () => {
    const y = normal(40, 3, 2);
    const [k, l] = [gram(x), gram(y)];
    expect(hsic(centreGram(k), centreGram(l))).toBeCloseTo(songHsic(k, l, 40), 10);
    expect(hsic(centreGram(k), centreGram(k))).toBeCloseTo(songHsic(k, k, 40), 8);
  });

  it('is 1 for features that are turned, scaled as a whole, or moved', () => {
    expect(cka(x, times(x, orthogonal(12, 3)))).toBeCloseTo(1, 10);
    expect(
      cka(
        x,
        x.map(row => row.map(value => -7.5 * value)),
      ),
    ).toBeCloseTo(1, 10);
    expect(
      cka(
        x,
        x.map(row => row.map((value, k) => value + 10 * k)),
      ),
    ).toBeCloseTo(1, 8);
  });

  it('is not 1 for features that are stretched along one axis', () => {
    const stretched = x.map(row => row.map((value, k) => (k === 0 ? 20 * value : value)));
    expect(cka(x, stretched)).toBeLessThan(0.8);
  });

  it('is about 0 for independent features, however many: the plain one is near 1', () => {
    let mean = 0;
    for (let seed = 0; seed < 20; seed++) mean += cka(normal(40, 400, 100 + seed), normal(40, 400, 200 + seed)) / 20;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    const plain = (k: number[], l: number[]) => biased(k, l, 40) / Math.sqrt(biased(k, k, 40) * biased(l, l, 40));
    expect(plain(gram(normal(40, 400, 5)), gram(normal(40, 400, 6)))).toBeGreaterThan(0.8);
  });

  it('is about 0 with the pictures in another order', () => {
    const centred = centreGram(gram(x));
    const order = Uint32Array.from({ length: 40 }, (_, i) => (i * 7 + 3) % 40);
    const sums = new CkaSums();
    sums.add(centred, reorder(centred, order));
    expect(Math.abs(sums.result().cka)).toBeLessThan(0.15);
    const back = reorder(
      reorder(centred, order),
      Uint32Array.from(order.keys(), i => order.indexOf(i)),
    );
    expect(back).toEqual(centred);
  });

  it('adds batches up, and says how sure it is: the error is about how far repetitions spread', () => {
    const repeated = Array.from({ length: 24 }, (_, repetition) => {
      const sums = new CkaSums();
      for (let batch = 0; batch < 6; batch++) {
        const [shared, noise] = [normal(16, 5, 97 * repetition + batch), normal(16, 5, 5000 + 97 * repetition + batch)];
        const mixed = shared.map((row, i) => row.map((value, k) => value + noise[i]![k]!));
        sums.add(centreGram(gram(shared)), centreGram(gram(mixed)));
      }
      return sums.result();
    });
    const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    const mean = average(repeated.map(({ cka }) => cka));
    const spread = Math.sqrt(average(repeated.map(({ cka }) => (cka - mean) ** 2)));
    const said = average(repeated.map(({ error }) => error));
    expect(said / spread).toBeGreaterThan(0.6);
    expect(said / spread).toBeLessThan(1.7);
  });

  it('says NaN of features that do not vary, and refuses what cannot be', () => {
    const constant = x.map(() => [1, 2]);
    expect(cka(constant, x)).toBeNaN();
    expect(() => centreGram([1, 2, 2, 1])).toThrow(ShapeError);
    expect(() => hsic(centreGram(gram(x)), centreGram(gram(normal(5, 2, 1))))).toThrow(ShapeError);
  });
});

function biased(k: number[], l: number[], n: number): number {
  const centre = (m: number[]) => {
    const rows = Array.from({ length: n }, (_, i) => m.slice(i * n, (i + 1) * n).reduce((a, b) => a + b) / n);
    const all = rows.reduce((a, b) => a + b) / n;
    return m.map((value, at) => value - rows[Math.floor(at / n)]! - rows[at % n]! + all);
  };
  const [a, b] = [centre(k), centre(l)];
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}

describe('comparing layers', () => {
  it('compares all layers of all networks, and finds a network equal to itself', async () => {
    const engine = await gpuEngine();
    using data = new GpuDataset(engine, toyImages(64));
    using conv = convNet(engine, 1);
    using dense = denseNet(engine, 2);
    const networks = [
      { name: 'conv', model: conv },
      { name: 'again', model: conv },
      { name: 'dense', model: dense, layers: ['dense_1'] },
    ];
    const found = await compareLayers(networks, data, { batch: 16 });
    expect(found.images).toBe(64);
    const one = found.layers.filter(({ network }) => network === 'conv').length;
    expect(found.layers.map(({ layer }) => layer).slice(0, one)).toEqual(['batchNorm2d_1', 'maxPool2d_1', 'dense_1']);
    for (let i = 0; i < one; i++) {
      expect(found.similarity[i]![i]!.cka).toBeCloseTo(1, 12);
      expect(found.similarity[i]![one + i]!.cka).toBeCloseTo(1, 6);
      expect(found.similarity[i]![one]!.cka).toBe(found.similarity[one]![i]!.cka);
    }
    for (const { cka: value } of found.shuffled) expect(Math.abs(value)).toBeLessThan(0.25);
    for (const { cka: value } of found.similarity.flat()) expect(value).toBeLessThan(1.01);
  });

  it('computes what the layers really give', async () => {
    const engine = await gpuEngine();
    const images = toyImages(12);
    using data = new GpuDataset(engine, images);
    using model = denseNet(engine, 3);
    const found = await compareLayers([{ name: 'dense', model }], data);
    const x = engine.tensor(
      Float32Array.from(images.images, byte => byte / 255),
      [12, 6, 6, 1],
    );
    const { captured } = model.forward(x, { capture: ['dense_1', 'dense_2'] });
    const rows = async (layer: string, width: number) => {
      const values = await captured[layer]!.data();
      return Array.from({ length: 12 }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width)));
    };
    const expected = cka(await rows('dense_1', 16), await rows('dense_2', 4));
    expect(found.similarity[0]![1]!.cka).toBeCloseTo(expected, 4);
    expect(found.similarity[0]![1]!.error).toBeNaN();
  });

  it('refuses too few pictures and unknown layers', async () => {
    const engine = await gpuEngine();
    using data = new GpuDataset(engine, toyImages(8));
    using model = denseNet(engine);
    await expect(compareLayers([{ name: 'a', model }], data, { batch: 3 })).rejects.toThrow(ValueError);
    await expect(compareLayers([{ name: 'a', model, layers: ['conv9'] }], data)).rejects.toThrow(/no layer 'conv9'/);
  });
});
