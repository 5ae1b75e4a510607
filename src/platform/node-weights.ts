import { resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { folderSource } from './node-data.ts';
import type { DataSource } from './platform.ts';

/** The folder `weights` of a clone of the repository; the package on npm comes without. */
const OWN = fileURLToPath(new URL('../../weights', import.meta.url));

/** Where pretrained weights lie: the folder named by WEFT_WEIGHTS, else the repository's own. */
export function nodeWeights(folder: string | undefined = process.env.WEFT_WEIGHTS || undefined): DataSource {
  return folderSource(folder === undefined ? OWN : resolve(folder));
}
