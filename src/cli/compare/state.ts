import type { VariantTable } from '../../kernels/choose.ts';
import type { Trade } from '../../kernels/spec.ts';
import { FileError, ResumeError } from '../../platform/errors.ts';
import type { FileStore } from '../../platform/platform.ts';
import type { Comparison } from '../../report/types.ts';
import type { RecipeFile } from '../own-recipes.ts';
import type { Conditions } from '../provenance.ts';
import type { Plan } from './rows.ts';
import type { Speed } from './timing.ts';

const FORMAT = 'weft comparison 2';

/** A comparison as its folder keeps it: what the report shows, and what it takes to go on. */
export interface ComparisonState {
  readonly format: typeof FORMAT;
  readonly plan: Plan;
  /** As measured before the first run. */
  readonly speeds: readonly Speed[];
  /** Which kernel variant computed what, for all models. */
  readonly variants: VariantTable;
  /** What kernels were allowed to give up for speed. */
  readonly allow: readonly Trade[];
  /** Files of a user's own recipes. */
  readonly files: readonly RecipeFile[];
  readonly comparison: Comparison;
}

export const newState = (parts: Omit<ComparisonState, 'format'>): ComparisonState => ({ format: FORMAT, ...parts });

export const STATE_FILE = 'comparison.json';

export async function writeState(files: FileStore, folder: string, state: ComparisonState): Promise<void> {
  await files.write(`${folder}/${STATE_FILE}`, `${JSON.stringify(state)}\n`);
}

/** The comparison in a folder; undefined when there is none. @throws FileError when it is damaged. */
export async function readState(files: FileStore, folder: string): Promise<ComparisonState | undefined> {
  const where = `${folder}/${STATE_FILE}`;
  if (!(await files.exists(where))) return undefined;
  try {
    const state = JSON.parse(new TextDecoder().decode(await files.read(where))) as ComparisonState;
    if (state.format !== FORMAT || !Array.isArray(state.comparison?.runs) || !Array.isArray(state.plan?.rows))
      throw new Error('parts missing');
    return state;
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(`${where}: not a comparison of this version, or damaged; start a new one with another --out`, {
      cause,
    });
  }
}

/** The newest folder within `parent` whose comparison is not finished. @throws ResumeError when there is none. */
export async function findUnfinished(files: FileStore, parent: string): Promise<string> {
  const names = (await files.exists(parent)) ? ((await files.list?.(parent)) ?? []) : [];
  // The names are dates.
  for (const name of names.reverse()) {
    const folder = `${parent}/${name}`;
    const state = await readState(files, folder).catch(() => undefined);
    if (state && state.comparison.pending.length > 0) return folder;
  }
  throw new ResumeError(`${parent}: holds no unfinished comparison; name its folder with --out, or leave out --resume`);
}

/** What all runs of a comparison have in common. */
export function conditionsOf({ device, data, versions }: Pick<Comparison, 'device' | 'data' | 'versions'>): Conditions {
  const { train, test } = data.sha256;
  return { weft: versions.weft ?? '', device, data: { 'the training data': train, 'the test data': test } };
}

/** Adds a line to the log of what was evaluated on the test set, before it is: an evaluation that failed was one too. */
export async function logTest(files: FileStore, folder: string, run: string): Promise<void> {
  const where = `${folder}/test-log.jsonl`;
  const before = (await files.exists(where)) ? new TextDecoder().decode(await files.read(where)) : '';
  await files.write(where, `${before}${JSON.stringify({ at: new Date().toISOString(), run })}\n`);
}
