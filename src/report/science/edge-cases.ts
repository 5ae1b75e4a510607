import { ValueError } from '../../platform/errors.ts';

/** Test images that tell models apart, or tell of none of them. Indices into the test set, in its order. */
export interface EdgeCases {
  /** Nobody got these right, with any seed. */
  readonly nobody: readonly number[];
  /** Of `nobody`, those that all call the same wrong class: more likely than others to be wrongly labelled or ambiguous. */
  readonly agreed: readonly number[];
  /** Of each model, images that it got right with every seed and no other model with any. */
  readonly onlyOne: readonly (readonly number[])[];
}

/**
 * @param models of each model, of each of its runs: the predicted class of every test image.
 * @param labels of the same images.
 * @throws ValueError for runs on other images, or a model without a run.
 */
export function edgeCases(models: readonly (readonly Uint8Array[])[], labels: Uint8Array): EdgeCases {
  const runs = models.flat();
  const other = runs.find(run => run.length !== labels.length);
  if (other || models.some(own => own.length === 0)) {
    throw new ValueError(
      `edge cases: ${labels.length} images, but a model with answers to ${other?.length ?? 0}; all must have been tested on the same ones`,
    );
  }
  const nobody: number[] = [];
  const agreed: number[] = [];
  const onlyOne = models.map((): number[] => []);
  labels.forEach((label, i) => {
    if (runs.length === 0) return;
    const winners = models.filter(own => own.some(run => run[i] === label));
    if (winners.length === 0) {
      nobody.push(i);
      if (runs.every(run => run[i] === runs[0]![i])) agreed.push(i);
    } else if (winners.length === 1 && models.length > 1 && winners[0]!.every(run => run[i] === label)) {
      onlyOne[models.indexOf(winners[0]!)]!.push(i);
    }
  });
  return { nobody, agreed, onlyOne };
}
