/**
 * Writes the lab as a static site to lab/dist, which needs no server of weft's: `npm run build:lab`. With --vgg16 with the
 * weights of VGG16 (29 MB), which visitors have to bring otherwise. With --code-only without the pictures: what goes into the
 * package, where `weft lab` serves them.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { bundleLab, makeSite } from '../src/cli/lab/site.ts';
import { findDataSet } from '../src/data/find.ts';
import { nodeDataPlaces, nodeWeights } from '../src/platform/node.ts';

const out = fileURLToPath(new URL('../lab/dist', import.meta.url));
const weights = process.argv.includes('--vgg16') ? nodeWeights() : undefined;
const files = process.argv.includes('--code-only')
  ? await bundleLab()
  : await makeSite(await findDataSet(nodeDataPlaces(), line => process.stderr.write(`${line}\n`)), undefined, weights);

await rm(out, { recursive: true, force: true });
for (const [name, file] of files) {
  await mkdir(dirname(`${out}/${name}`), { recursive: true });
  await writeFile(`${out}/${name}`, typeof file === 'function' ? await file() : file);
}
process.stdout.write(`${out}: ${files.size} files\n`);
