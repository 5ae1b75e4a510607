import { openGpu } from '../platform/node.ts';
import { Engine, type EngineOptions } from '../tensor/engine.ts';
import { loadTuning } from '../tensor/tuning-cache.ts';
import type { GlobalOptions } from './options.ts';
import { tuningStore } from './tuning.ts';

/**
 * An engine on the adapter that --adapter names, or else the best one. Its kernels are chosen by the user's own
 * measurements, unless there is --no-tune, and by the tables that ship with weft.
 * @throws AdapterError
 */
export async function openEngine(
  { adapter, tune = true }: Pick<GlobalOptions, 'adapter' | 'tune'>,
  options: EngineOptions = {},
): Promise<Engine> {
  const source = await openGpu(adapter === undefined ? {} : { adapter });
  return await Engine.open(source, { ...(tune && { tuned: loadTuning(tuningStore()) }), ...options });
}
