import { openGpu } from '../platform/node.ts';
import { Engine, type EngineOptions } from '../tensor/engine.ts';
import type { GlobalOptions } from './options.ts';

/** An engine on the adapter that --adapter names, or else the best one. @throws AdapterError */
export async function openEngine(
  { adapter }: Pick<GlobalOptions, 'adapter'>,
  options: EngineOptions = {},
): Promise<Engine> {
  return await Engine.open(await openGpu(adapter === undefined ? {} : { adapter }), options);
}
