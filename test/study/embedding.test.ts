import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { embed, umap } from '../../src/study/embedding.ts';
import { toMatrix } from '../../src/study/matrix.ts';
import { neighbourAccuracy, neighbourOrder, trustworthiness } from '../../src/study/neighbours.ts';
import { gpuEngine } from '../support/engine.ts';

/** Three groups of points in 12 dimensions. */
function groups(rows: number) {
  const random = new Sampler(1);
  const labels = Array.from({ length: rows }, (_, i) => i % 3);
  const values = labels.flatMap(label => Array.from({ length: 12 }, (_, k) => (k === label ? 8 : 0) + random.normal()));
  return { matrix: toMatrix(Float32Array.from(values), 12), labels };
}

describe('neighbours', () => {
  it('come by distance, the row itself left out', () => {
    const order = neighbourOrder(toMatrix(Float32Array.of(0, 10, 11, 3), 1));
    expect([...order]).toEqual([3, 1, 2, 2, 3, 0, 1, 3, 0, 0, 1, 2]);
  });

  it('vote by majority, the nearest where there is none', () => {
    const order = neighbourOrder(toMatrix(Float32Array.of(0, 10, 11, 3), 1));
    expect(neighbourAccuracy(order, [0, 1, 1, 0], 1)).toBe(1);
    // The first is outvoted, the last has one of each and takes that of the nearer.
    expect(neighbourAccuracy(order, [0, 1, 1, 1], 2)).toBe(0.5);
  });

  it('are trusted wholly when nothing moved, half when all is by chance', () => {
    const { matrix } = groups(120);
    const own = neighbourOrder(matrix);
    expect(trustworthiness(own, own, 10)).toBe(1);
    const random = new Sampler(5);
    const noise = neighbourOrder(toMatrix(Float32Array.from(random.normals(240)), 2));
    expect(trustworthiness(own, noise, 10)).toBeGreaterThan(0.4);
    expect(trustworthiness(own, noise, 10)).toBeLessThan(0.6);
    // Worst by the formula: neighbours are those that were farthest.
    const reversed = own.slice();
    for (let i = 0; i < 120; i++) reversed.subarray(i * 119, (i + 1) * 119).reverse();
    expect(trustworthiness(own, reversed, 10)).toBeCloseTo(0, 12);
  });
});

describe('embedding', () => {
  it('keeps groups apart in both planes; shuffled labels have none', async () => {
    const { matrix, labels } = groups(150);
    const found = await embed(await gpuEngine(), matrix, labels);
    expect(found.neighbourAccuracy).toBe(1);
    expect(found.pca.neighbourAccuracy).toBeGreaterThan(0.95);
    expect(found.umap.neighbourAccuracy).toBeGreaterThan(0.95);
    expect(found.umap.trustworthiness).toBeGreaterThan(0.7);
    expect(found.shuffledNeighbourAccuracy).toBeLessThan(0.6);
    // Two directions hold what lies between three groups: 2 of 2 + noise.
    expect(found.pca.explained[0] + found.pca.explained[1]).toBeGreaterThan(0.6);
    expect(found.umap.points).toMatchObject({ rows: 150, columns: 2 });
  });

  it('gives the same points for the same seed, others for another', async () => {
    const { matrix } = groups(60);
    const points = await umap(matrix, { seed: 3 });
    expect(await umap(matrix, { seed: 3 })).toEqual(points);
    expect(await umap(matrix, { seed: 4 })).not.toEqual(points);
    await expect(umap(matrix, { umapNeighbours: 60 })).rejects.toThrow(ValueError);
  });

  // Its package is CommonJS, which vitest, tsx and bundlers each load in a way of their own; the lab's tests see the last.
  it('is also found by the loader of the command', () => {
    const code = `import { umap } from './src/study/embedding.ts';
      const values = Float32Array.from({ length: 60 }, (_, i) => i % 7);
      console.log((await umap({ rows: 20, columns: 3, values })).rows);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['20\n', '']);
  });
});
