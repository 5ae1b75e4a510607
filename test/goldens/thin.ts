/**
 * Keeps a few thousand values of each large result in the goldens, evenly spread, so that a clone stays small:
 *
 *     npx tsx test/goldens/thin.ts
 *
 * Inputs stay whole. Of a result only every n-th value is kept, n a prime, so that all rows, columns and channels have a share;
 * the file's metadata says which (`every`, a step by name of tensor). What was thinned before is left alone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { type Golden, goldenFiles, readGolden } from '../support/goldens.ts';

const KEPT = 4096;
const folder = fileURLToPath(new URL('.', import.meta.url));

const isResult = (name: string, { op }: Golden) =>
  op === 'train' ? name.startsWith('final.') : name === 'y' || (/^d./.test(name) && name !== 'dy');

function primeFrom(start: number): number {
  let n = start;
  while (Array.from({ length: Math.floor(Math.sqrt(n)) - 1 }, (_, i) => i + 2).some(k => n % k === 0)) n++;
  return n;
}

for (const file of goldenFiles()) {
  const golden = readGolden(file);
  const { metadata, tensors } = readSafetensors(new Uint8Array(readFileSync(folder + file)), file);
  const every: Record<string, number> = JSON.parse(metadata.every ?? '{}');
  const kept = Object.fromEntries(
    [...tensors].map(([name, entry]) => {
      const data = entry.data as Float32Array;
      if (name in every || !isResult(name, golden) || data.length < 2 * KEPT) return [name, entry];
      const step = primeFrom(Math.ceil(data.length / KEPT));
      every[name] = step;
      const values = data.filter((_, i) => i % step === 0);
      return [name, { shape: [values.length], data: values }];
    }),
  );
  if (Object.keys(every).length > Object.keys(JSON.parse(metadata.every ?? '{}')).length) {
    writeFileSync(folder + file, writeSafetensors(kept, { ...metadata, every: JSON.stringify(every) }));
  }
}
