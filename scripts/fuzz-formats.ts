/** `npm run fuzz:formats [N]`: reads N spoilt files of weights; each has to end in a typed error or in weights. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { readWeights } from '../src/io/weights/index.ts';
import { WeftError } from '../src/platform/errors.ts';
import { folderSource, parseHdf5 } from '../src/platform/node.ts';
import { crafted, type Damaged, damage } from '../test/support/damage.ts';

const FOLDER = fileURLToPath(new URL('../test/io/files/', import.meta.url));
const DEFAULT = 2800;
/** HDF5 is read in a process for each file: a twentieth of all files, two at a time. */
const HDF5_SHARE = 0.05;
const AT_ONCE = 2;
/** Milliseconds after which a file in this process counts as one that hangs, and seconds for one in its own. */
const SLOW = 10_000;
const SLOW_HDF5 = 60;
const MOST_MEMORY = 512 * 2 ** 20;

const wanted = Number(process.argv[2] ?? DEFAULT);
if (!Number.isSafeInteger(wanted) || wanted < 100) {
  process.stderr.write(`fuzz:formats: N must be a whole number from 100, not '${process.argv[2]}'\n`);
  process.exit(2);
}

const names = (readdirSync(FOLDER, { recursive: true }) as string[])
  .filter(name => /\.(h5|keras|safetensors|npz)$|^tfjs.(model|uint8|uint16|float16)\.json$/.test(name))
  .sort();
const slow = names.filter(name => /\.(h5|keras)$/.test(name));
const fast = names.filter(name => !slow.includes(name));
const extra = crafted();

interface Case extends Damaged {
  readonly name: string;
}
const cases: Case[] = [
  ...extra,
  ...spread(slow, Math.round(wanted * HDF5_SHARE)),
  ...spread(fast, wanted - extra.length - Math.round(wanted * HDF5_SHARE)),
];

function spread(files: readonly string[], count: number): Case[] {
  return files.flatMap((name, i) => {
    const share = Math.floor(count / files.length) + Number(i < count % files.length);
    return damage(new Uint8Array(readFileSync(join(FOLDER, name))), share, i + 1).map(one => ({ name, ...one }));
  });
}

const counts: Record<string, { files: number; refused: number; read: number }> = {};
const failures: string[] = [];
let slowest = 0;
let memory = 0;

/** A spoilt number is a number: such a file reads as weights, which is right as long as the reader says so. */
async function attempt({ name, what, bytes }: Case): Promise<void> {
  const kind = name.slice(name.lastIndexOf('.') + 1);
  const count = (counts[kind] ??= { files: 0, refused: 0, read: 0 });
  count.files++;
  const start = performance.now();
  const hdf5: typeof parseHdf5 = (file, where, skip) => parseHdf5(file, where, skip, SLOW_HDF5);
  try {
    await readWeights(bytes, name, {
      hdf5,
      beside: folderSource(join(FOLDER, dirname(name), name === 'm.json' ? 'tfjs' : '')),
    });
    count.read++;
  } catch (error) {
    if (error instanceof WeftError) count.refused++;
    else failures.push(`${name}, ${what}: ${error instanceof Error ? error.stack : error}`);
    if (/took more than/.test(String(error))) failures.push(`${name}, ${what}: hangs`);
  }
  const taken = performance.now() - start;
  if (!slow.includes(name)) {
    slowest = Math.max(slowest, taken);
    if (taken > SLOW) failures.push(`${name}, ${what}: took ${Math.round(taken)} ms`);
  }
  memory = Math.max(memory, process.memoryUsage().rss);
}

const queue = cases.values();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const one of queue) await attempt(one);
  }),
);
for (const [kind, { files, refused, read }] of Object.entries(counts)) {
  process.stdout.write(`${kind}: ${files} files, ${refused} refused by a typed error, ${read} read as weights\n`);
}
if (memory > MOST_MEMORY) failures.push(`this process took ${Math.round(memory / 2 ** 20)} MiB`);
const mebibytes = Math.round(memory / 2 ** 20);
process.stdout.write(
  `${cases.length} files, ${failures.length} failures; slowest in this process ${Math.round(slowest)} ms, its memory ${mebibytes} MiB\n`,
);
for (const failure of failures) process.stderr.write(`${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
