/**
 * Writes the list of the 5,000 validation pictures of Fashion-MNIST. Run once; a test runs it again and compares.
 *   node --import tsx scripts/make-split.ts [--print]
 */
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { findDataSet } from '../src/data/find.ts';
import { SPLIT_SEED, stratifiedSplit } from '../src/data/split.ts';
import { nodeDataPlaces } from '../src/platform/node-data.ts';

const FILE = new URL('../src/data/fashion-mnist-validation.generated.ts', import.meta.url);

/** The text of the generated module, for the labels of Fashion-MNIST's 60,000 training pictures. */
export function splitModule(labels: Uint8Array): string {
  const { validation } = stratifiedSplit(labels, 5000, SPLIT_SEED);
  const lines: string[] = [];
  for (let at = 0; at < validation.length; at += 20) lines.push(`  ${validation.slice(at, at + 20).join(', ')},`);
  return [
    '// Made by scripts/make-split.ts; do not edit. 500 pictures of each class, drawn by Philox, sorted.',
    '/** Indices of the validation pictures among the 60,000 training pictures of Fashion-MNIST. */',
    `export const FASHION_MNIST_VALIDATION: readonly number[] = [\n${lines.join('\n')}\n];\n`,
  ].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { train } = await findDataSet(nodeDataPlaces(), console.error);
  const text = splitModule(train.labels);
  if (process.argv.includes('--print')) process.stdout.write(text);
  else await writeFile(FILE, text);
}
