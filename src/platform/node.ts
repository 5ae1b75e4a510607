/** weft in Node: the `Platform` on Dawn, the local file system and the XDG folders. */
import { openGpu } from './node-gpu.ts';
import type { Platform } from './platform.ts';

export { folderSource, nodeDataPlaces } from './node-data.ts';
export { fileError, nodeFiles } from './node-files.ts';
export { adapterRemedy, listAdapters, openGpu } from './node-gpu.ts';
export { parseHdf5 } from './node-hdf5.ts';
export { cacheDir, dataDir } from './node-paths.ts';
export { nodeWeights } from './node-weights.ts';

export const nodePlatform: Platform = { name: 'node', openGpu };
