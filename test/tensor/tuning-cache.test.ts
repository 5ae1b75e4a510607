import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BARE_CAPABILITIES } from '../../src/gpu/capabilities.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { type TuningTarget, targetKey } from '../../src/kernels/tuned-table.ts';
import { encodeTuning, type TuningRows } from '../../src/kernels/tuning-file.ts';
import { nodeFiles } from '../../src/platform/node.ts';
import { readTuning, type TuningStore, tuningPath, writeTuning } from '../../src/tensor/tuning-cache.ts';

const info = { vendor: 'v', architecture: 'a', device: 'd', description: 'driver 1', software: false };
const target: TuningTarget = { info, caps: BARE_CAPABILITIES, allow: [] };
const row = (variant: string, ms = 1) => ({
  variant,
  fingerprint: '0123456789abcdef',
  milliseconds: { [variant]: ms },
});
const rows: TuningRows = { 'matmul m=1 n=2 k=3': row('plain'), 'softmax m=4 n=5': row('rows', 0.25) };

let folder: string;
let lines: string[];
let store: TuningStore;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-tuning-'));
  lines = [];
  store = { files: nodeFiles, folder: join(folder, 'deep/tuning'), log: line => lines.push(line) };
  path = tuningPath(store.folder, target);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps what was measured, and adds to it', async () => {
  expect(await readTuning(store, target)).toEqual({});
  expect(await writeTuning(store, target, rows)).toBe(true);
  await writeTuning(store, target, { 'softmax m=4 n=5': row('row_workgroup'), 'matmul m=9 n=9 k=9': row('plain') });
  const all = await readTuning(store, target);
  expect(Object.keys(all).sort()).toEqual(['matmul m=1 n=2 k=3', 'matmul m=9 n=9 k=9', 'softmax m=4 n=5']);
  expect(all['softmax m=4 n=5']!.variant).toBe('row_workgroup');
  expect(lines).toEqual([]);
});

it('is another file for another driver', async () => {
  await writeTuning(store, target, rows);
  const other = { ...target, info: { ...info, description: 'driver 2' } };
  expect(await readTuning(store, other)).toEqual({});
  // Should two of them share a name, the text decides.
  writeFileSync(tuningPath(store.folder, other), readFileSync(path));
  expect(await readTuning(store, other)).toEqual({});
  expect(lines).toEqual([expect.stringContaining('measured on another adapter, or with another driver')]);
});

it('ignores with one line whatever is no file of this version, and replaces it', async () => {
  const good = encodeTuning(targetKey(target), rows);
  const files: [string, RegExp][] = [
    ['', /not JSON/],
    ['null', /holds something else/],
    ['[1, 2]', /holds something else/],
    ['{"format": "weft run 1"}', /holds something else/],
    [good.replace('weft tuning 1', 'weft tuning 2'), /made by another version of weft \('weft tuning 2'\)/],
    [good.slice(0, -20), /not JSON/],
    [good.replace('"plain"', '"plane"'), /checksum/],
    [good.replace(/"rows": \{/, '"rows": {"x": 1, '), /checksum/],
    ['\u0000'.repeat(5000), /not JSON/],
  ];
  mkdirSync(dirname(path), { recursive: true });
  for (const [text, reason] of files) {
    lines.length = 0;
    writeFileSync(path, text);
    expect(await readTuning(store, target)).toEqual({});
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(reason);
    expect(lines[0]).toContain(path);
    expect(await writeTuning(store, target, rows)).toBe(true);
    expect(await readTuning(store, target)).toEqual(rows);
  }
});

it('reads a damaged file as what it was or not at all, wherever the damage is', async () => {
  const good = Buffer.from(encodeTuning(targetKey(target), rows));
  const random = new Sampler(7);
  let refused = 0;
  mkdirSync(dirname(path), { recursive: true });
  for (let i = 0; i < 400; i++) {
    let bytes = Buffer.from(good);
    const [at, length] = [random.int(0, good.length - 1), random.int(1, 40)];
    const kind = i % 4;
    if (kind === 0) bytes[at]! ^= 1 << random.int(0, 7);
    if (kind === 1) bytes = bytes.subarray(0, at);
    if (kind === 2) bytes.fill(random.int(0, 255), at, Math.min(at + length, bytes.length));
    if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    writeFileSync(path, bytes);
    lines.length = 0;
    const read = await readTuning(store, target);
    // Damage that changes white space only is none.
    if (lines.length === 0) expect(read).toEqual(rows);
    else {
      refused++;
      expect([read, lines.length]).toEqual([{}, 1]);
    }
  }
  expect(refused).toBeGreaterThan(200);
});

it('stands two that write at once: the file is whole, and holds the rows of at least one', async () => {
  const jobs = Array.from({ length: 20 }, (_, i) => writeTuning(store, target, { [`matmul m=${i}`]: row('plain') }));
  expect(await Promise.all(jobs)).not.toContain(false);
  expect(Object.keys(await readTuning(store, target)).length).toBeGreaterThan(0);
  expect(lines).toEqual([]);
  expect(readdirSync(store.folder)).toHaveLength(1);
});

it('says when it cannot be written, and leaves it at that', async () => {
  writeFileSync(join(folder, 'deep'), 'a file where a folder should be');
  expect(await writeTuning(store, target, rows)).toBe(false);
  expect(lines).toEqual([expect.stringMatching(/^note: measurements of kernels are not kept: .*deep/)]);
});
