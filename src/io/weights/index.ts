export { ARCHITECTURE_NAMES, fitTo, without } from './architectures.ts';
export type { WeightFile } from './named.ts';
export { type ReadWeightsOptions, readWeights } from './read.ts';
