import { valueDifference, type WeightDifference } from './difference.ts';
import type { TrainingSession } from './session.ts';

/** How two branches of a training differ. */
export interface BranchDifference {
  /** Neither a recorded step nor a weight, as they stand, is another. */
  readonly bitIdentical: boolean;
  /** The first step that both have recorded in which loss or accuracy differ; undefined: none. */
  readonly firstDifferentStep: number | undefined;
  /** Of every parameter and running statistic, by name, as they stand. */
  readonly parameters: readonly (WeightDifference & { readonly name: string; readonly relative: number })[];
}

/**
 * Compares two sessions where they stand, with both at one step for a fair look. `relative` is the length of the difference
 * of a parameter's two values over that of the first's.
 */
export async function compareBranches(a: TrainingSession, b: TrainingSession): Promise<BranchDifference> {
  const differs = a.history.find(({ step, loss, accuracy }) => {
    const other = b.history[step - 1];
    return other && !(Object.is(loss, other.loss) && Object.is(accuracy, other.accuracy));
  });
  const [first, second] = await Promise.all([a.model.parameters.read(), b.model.parameters.read()]);
  const parameters = [...first].map(([name, { data }]) => {
    const other = second.get(name)?.data ?? new Float32Array();
    const apart = length(data, i => data[i]! - (other[i] ?? Number.NaN));
    const relative = apart === 0 ? 0 : apart / length(data, i => data[i]!);
    return { name, ...valueDifference(data, other), relative };
  });
  const firstDifferentStep = differs?.step;
  const bitIdentical = firstDifferentStep === undefined && parameters.every(({ differing }) => differing === 0);
  return { bitIdentical, firstDifferentStep, parameters };
}

function length({ length: count }: ArrayLike<number>, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += value(i) ** 2;
  return Math.sqrt(sum);
}
