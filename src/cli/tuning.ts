import process from 'node:process';
import type { KernelCall, VariantTable } from '../kernels/choose.ts';
import type { Trade } from '../kernels/spec.ts';
import { findShipped } from '../kernels/tables/index.ts';
import type { TuningTarget } from '../kernels/tuned-table.ts';
import type { Recipe } from '../models/index.ts';
import { FileError } from '../platform/errors.ts';
import { cacheDir, nodeFiles } from '../platform/node.ts';
import type { Engine } from '../tensor/engine.ts';
import { type TuneOptions, type TuneReport, tune } from '../tensor/tuner.ts';
import { readTuning, type TuningStore, writeTuning } from '../tensor/tuning-cache.ts';
import { modelCalls } from '../train/model-calls.ts';
import { openEngine } from './open-engine.ts';
import type { AllowOptions, GlobalOptions } from './options.ts';
import { log } from './output.ts';
import type { ProgressBar } from './progress.ts';

/** The measurements of this user: in the folder that WEFT_TUNING names, else beside other things that can be made anew. */
export function tuningStore(): TuningStore {
  return { files: nodeFiles, folder: process.env.WEFT_TUNING || cacheDir('tuning'), log };
}

export function targetOf({ gpu }: Engine): TuningTarget {
  return { info: gpu.device.info, caps: gpu.caps, allow: gpu.chooser.allow };
}

/** Tunes and keeps the rows, also those that had been decided when it failed or was interrupted. */
export async function tuneAndKeep(
  engine: Engine,
  calls: readonly KernelCall[],
  options: TuneOptions & { readonly force?: boolean | undefined },
): Promise<TuneReport> {
  const store = tuningStore();
  const target = targetOf(engine);
  const known = options.force ? {} : await readTuning(store, target);
  const rows: Record<string, TuneReport['calls'][number]['row']> = {};
  try {
    return await tune(engine, calls, {
      ...options,
      known,
      onRow: call => {
        rows[call.key] = call.row;
      },
    });
  } finally {
    if (Object.keys(rows).length > 0) await writeTuning(store, target, rows);
  }
}

/** Seconds that `train` and `compare` may spend on an adapter that nobody has measured yet. */
const UNASKED_SECONDS = 20;

/**
 * On an adapter for which neither weft nor the user has a table: measures the dearest calls of these models, once, within a
 * stated time. Anywhere else it does nothing: nobody who wants to train expects to wait for measurements.
 */
export async function tuneIfUnknown(
  options: Pick<GlobalOptions, 'adapter' | 'tune'> & AllowOptions,
  recipes: readonly { readonly recipe: Recipe; readonly batch: number }[],
  bar: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  if (options.tune === false) return;
  using engine = await openEngine(options, { allow: options.allow });
  const target = targetOf(engine);
  if (findShipped(target) || Object.keys(await readTuning(tuningStore(), target)).length > 0) return;
  const { device } = target.info;
  log(
    `${device} is new here: timing kernels for ${UNASKED_SECONDS} s at most, once (weft tune times all, --no-tune none)`,
  );
  const calls = recipes.flatMap(({ recipe, batch }) => modelCalls(engine, recipe, batch));
  const { left, calls: decided } = await tuneAndKeep(engine, calls, {
    budgetSeconds: UNASKED_SECONDS,
    signal,
    onProgress: ({ stage, done, total }) => bar.status(`${stage} kernels: ${done} of ${total} calls`),
  });
  bar.clear();
  log(`${decided.length} calls measured${left > 0 ? `, ${left} left to estimates: weft tune measures them` : ''}`);
}

/** Kernel variants that somebody wants again, and what these gave up for speed. */
export interface PinnedTable {
  readonly variants: VariantTable;
  readonly allow?: readonly Trade[];
}

/** The table of a run (its config.json) or of a comparison (its comparison.json). @throws FileError */
export async function readTable(path: string): Promise<PinnedTable> {
  const text = new TextDecoder().decode(await nodeFiles.read(path));
  const fail = (what: string, cause?: unknown): never => {
    throw new FileError(`${path}: ${what}; name the config.json of a run`, { cause });
  };
  let content: Partial<PinnedTable> | null = null;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    fail('not JSON', cause);
  }
  const { variants, allow = [] } = content ?? {};
  if (typeof variants !== 'object' || Object.values(variants).some(variant => typeof variant !== 'string')) {
    return fail('holds no table of kernel variants');
  }
  return { variants, allow };
}
