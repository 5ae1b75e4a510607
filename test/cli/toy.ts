import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Sampler } from '../../src/kernels/sampler.ts';
import { idx } from '../data/make.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url));
/** Arguments of node that start the command line. */
export const CLI = ['--import', LOADER, MAIN];

/** Pictures of 12 x 12 with a bright column whose place is the class: easy to learn, with a little noise. */
function pictures(count: number, seed: number): { images: Uint8Array; labels: Uint8Array } {
  const random = new Sampler(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const images = Uint8Array.from({ length: count * 144 }, (_, i) => {
    const [place, column] = [labels[Math.floor(i / 144)]!, i % 12];
    return Math.floor(column / 4) === place ? random.int(120, 255) : random.int(0, 90);
  });
  return { images, labels };
}

/** A folder of its own with a data set of 240 and 60 such pictures in it, and commands that run there. */
export function toyFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'weft-cli-'));
  const data = join(folder, 'toy');
  mkdirSync(data);
  for (const [name, count, seed] of [
    ['train', 240, 1],
    ['t10k', 60, 2],
  ] as const) {
    const { images, labels } = pictures(count, seed);
    writeFileSync(join(data, `${name}-images-idx3-ubyte`), idx([count, 12, 12], images));
    writeFileSync(join(data, `${name}-labels-idx1-ubyte`), idx([count], labels));
  }
  writeFileSync(join(data, 'classes.txt'), 'left\n<middle> & co\nright\n');
  return {
    folder,
    data,
    weft: (...args: string[]) =>
      spawnSync(process.execPath, [...CLI, ...args], { encoding: 'utf8', cwd: folder, input: '' }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
