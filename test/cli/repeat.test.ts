import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { toyFolder } from './toy.ts';

let toy: ReturnType<typeof toyFolder>;
beforeAll(() => {
  toy = toyFolder();
});
afterAll(() => toy.remove());

interface Outcome {
  run: string;
  bitIdentical: boolean;
  weights: { count: number; differing: number; largest: number };
  epochs: { count: number; differing: number };
  predictions?: { images: number; differing: number };
  conditions: string[];
}

describe('weft repeat', () => {
  it('gives the same bits, and says by how much where they are not the same', () => {
    const { weft, folder, data } = toy;
    const options = ['--models', 'mlp', '--epochs', '2', '--limit', '96', '--seeds', '1,2', '--data', data];
    expect(weft('compare', ...options, '--out', 'both').status).toBe(0);

    const all = weft('repeat', 'both', '--data', data, '--json');
    expect([all.status, all.stderr.match(/Error.*/)?.[0]]).toEqual([0, undefined]);
    const outcomes = JSON.parse(all.stdout) as Outcome[];
    expect(outcomes.map(({ run, bitIdentical }) => [run, bitIdentical])).toEqual([
      ['mlp-seed1', true],
      ['mlp-seed2', true],
    ]);
    expect(outcomes[0]).toMatchObject({
      epochs: { count: 2, differing: 0 },
      predictions: { images: 60, differing: 0 },
    });
    expect(outcomes[0]!.weights.count).toBeGreaterThan(1000);
    // Each look at the test set is on record.
    const log = readFileSync(join(folder, 'both/test-log.jsonl'), 'utf8');
    expect(log.trim().split('\n')).toHaveLength(4);
    expect(log).toContain('mlp-seed1, repeated');

    // One weight of the first run changed by a little, and one prediction.
    const place = join(folder, 'both/mlp-seed1/model.safetensors');
    const { tensors, metadata } = readSafetensors(readFileSync(place), place);
    const entries = [...tensors].map(([name, { shape, data }], i) => {
      const values = Float32Array.from(data as Float32Array);
      if (i === 0) values[0]! += 0.25;
      return [name, { shape, data: values }] as const;
    });
    writeFileSync(place, writeSafetensors(Object.fromEntries(entries), metadata));
    const state = JSON.parse(readFileSync(join(folder, 'both/comparison.json'), 'utf8'));
    const { test } = state.comparison.runs[0];
    const predictions = Buffer.from(test.predictions, 'base64');
    predictions[7] = (predictions[7]! + 1) % 3;
    test.predictions = predictions.toString('base64');
    writeFileSync(join(folder, 'both/comparison.json'), JSON.stringify(state));
    const other = weft('repeat', 'both/report.html', '--row', 'mlp-seed1', '--data', data);
    expect(other.status).toBe(1);
    expect(other.stdout).toMatch(/mlp-seed1: not bit-identical\n {2}1 of [\d,]+ weights differ, by 2.5e-1 at most/);
    expect(other.stdout).toMatch(/losses of 0 of 2 epochs differ/);
    expect(other.stdout).toMatch(/1 of 60 predictions differ/);
  });

  it('repeats a run of train too, whatever it was trained with', () => {
    const { weft, folder, data } = toy;
    const trained = ['train', 'mlp', '--full', '--epochs', '2', '--seed', '4', '--augment', 'flip-shift'];
    expect(weft(...trained, '--out', 'run', '--data', data).status).toBe(0);
    const same = weft('repeat', 'run', '--data', data);
    expect([same.status, same.stdout.trim()]).toEqual([0, expect.stringMatching(/^run: bit-identical \(/)]);

    // Made by another version on another adapter: it is made again as well as it can be, and that is said.
    const place = join(folder, 'run/config.json');
    const config = JSON.parse(readFileSync(place, 'utf8'));
    const foreign = { ...config, weft: '0.0.0', adapter: { ...config.adapter, device: 'another' } };
    writeFileSync(place, JSON.stringify(foreign));
    const { status, stdout } = weft('repeat', 'run', '--data', data, '--json');
    const [outcome] = JSON.parse(stdout) as Outcome[];
    expect(status).toBe(outcome!.bitIdentical ? 0 : 1);
    expect(outcome!.conditions[0]).toMatch(/^weft .* in place of 0.0.0$/);
    expect(outcome!.conditions[1]).toMatch(/^the adapter \(device\) was 'another', is/);

    writeFileSync(place, JSON.stringify({ ...config, data: { ...config.data, sha256: 'of something else' } }));
    const refused = weft('repeat', 'run', '--data', data);
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/ResumeError: run: was trained on .* \(of something else\), this is/);
  });

  it('refuses what is not there, by name', () => {
    const { weft, data } = toy;
    expect(weft('repeat', 'nowhere', '--data', data).stderr).toMatch(/FileError: nowhere\/config.json: no such file/);
    const row = weft('repeat', 'both', '--row', 'cnn', '--data', data);
    expect([row.status, row.stderr]).toEqual([
      2,
      expect.stringMatching(/no finished row 'cnn'; there are mlp-seed1, mlp-seed2/),
    ]);
    expect(weft('repeat', 'run', '--row', 'x').stderr).toMatch(/--row: run is no comparison/);
  });
});
