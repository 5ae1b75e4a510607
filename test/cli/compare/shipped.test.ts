import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMPARED } from '../../../src/cli/compare/recipes.ts';
import { type FullResult, figuresBeside, readFullResults } from '../../../src/cli/compare/shipped.ts';
import { FASHION_MNIST_TRAIN } from '../../../src/data/fashion-mnist.ts';

const result = (changes: Partial<FullResult> = {}): FullResult => ({
  ...{ model: 'mlp', title: 'MLP', seed: 1, accuracy: 0.88, epochs: 10, trained: 60_000, data: 'aa' },
  ...{ commands: ['weft train mlp --full', 'weft eval run'], adapter: 'adapter A', date: '2026-11-25' },
  ...changes,
});

describe('results that ship with weft', () => {
  it('stand beside a comparison on the same data, a figure for each model and length of training', () => {
    const results = [
      result(),
      result({ seed: 2, accuracy: 0.886 }),
      result({ epochs: 20, accuracy: 0.89 }),
      result({ data: 'bb', accuracy: 0.5 }),
    ];
    const [ten, twenty, ...others] = figuresBeside(results, 'aa');
    expect(others).toEqual([]);
    expect(ten!.accuracy).toBeCloseTo(0.883, 9);
    expect(ten!.setting).toBe('all 60,000 images, after 10 epochs, mean of seeds 1 and 2, from 88.00 % to 88.60 %');
    expect(ten!.source).toBe('ships with weft: weft train mlp --full; weft eval run (adapter A, 2026-11-25)');
    expect(twenty!.setting).toBe('all 60,000 images, after 20 epochs, seed 1');
    expect(figuresBeside(results, 'cc')).toEqual([]);
  });

  it('are of networks that there are, on all of Fashion-MNIST', async () => {
    const shipped = await readFullResults();
    expect(shipped.length).toBeGreaterThan(0);
    for (const { model, trained, data, commands, accuracy } of shipped) {
      expect([model, COMPARED.has(model)]).toEqual([model, true]);
      expect([trained, data]).toEqual([60_000, FASHION_MNIST_TRAIN]);
      expect(commands.join()).not.toMatch(/(^|[ ,])\/\w/);
      expect(accuracy).toBeGreaterThan(0.8);
      expect(accuracy).toBeLessThan(1);
    }
  });

  it('may be missing, but not damaged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weft-shipped-'));
    try {
      const path = join(folder, 'full.json');
      expect(await readFullResults(path)).toEqual([]);
      writeFileSync(path, '[{"model": "mlp"}]');
      await expect(readFullResults(path)).rejects.toThrow(/full.json: not a list of results, or damaged/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
