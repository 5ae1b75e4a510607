/**
 * Labels that may be wrong, by predictions of a model that was not trained on them: confident learning of C. Northcutt,
 * L. Jiang, I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (2021).
 */
import { Sampler } from '../kernels/sampler.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';

/** An example whose label is doubted. */
export interface Suspect {
  /** Which of the examples. */
  readonly index: number;
  readonly label: number;
  /** The class that it is confidently taken for. */
  readonly suggested: number;
  /** Probability of the label less that of the most probable other class, -1 to 1: the lowest is the most doubtful. */
  readonly margin: number;
}

export interface LabelNoise {
  /** `joint[label][class]`: examples with this label that are confidently of that class. */
  readonly joint: readonly (readonly number[])[];
  /** Estimated share of labels that are wrong, 0 to 1: of the joint, made to agree with how many labels of each class there are. */
  readonly share: number;
  /** All examples off the joint's diagonal, the most doubtful first. */
  readonly suspects: readonly Suspect[];
  /** Mean probability of each class among the examples with that label: from there on a prediction is confident. */
  readonly thresholds: readonly number[];
}

/**
 * @param probabilities [examples, classes], out of sample: of a model that did not learn from the label it judges.
 * @throws ShapeError when the sizes do not fit.
 */
export function findLabelNoise(probabilities: Float32Array, labels: ArrayLike<number>, classes: number): LabelNoise {
  const n = labels.length;
  if (n === 0 || probabilities.length !== n * classes) {
    throw new ShapeError(`label noise: ${probabilities.length} probabilities for ${n} labels of ${classes} classes`);
  }
  const counts = new Float64Array(classes);
  const sums = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    counts[labels[i]!]!++;
    sums[labels[i]!]! += probabilities[i * classes + labels[i]!]!;
  }
  const thresholds = Array.from(sums, (sum, c) => (counts[c]! > 0 ? sum / counts[c]! : Number.POSITIVE_INFINITY));
  const joint = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const suspects: Suspect[] = [];
  for (let index = 0; index < n; index++) {
    const p = probabilities.subarray(index * classes, (index + 1) * classes);
    const label = labels[index]!;
    let confident = -1;
    for (let c = 0; c < classes; c++) {
      if (p[c]! >= thresholds[c]! && (confident === -1 || p[c]! > p[confident]!)) confident = c;
    }
    if (confident === -1) continue;
    joint[label]![confident]!++;
    if (confident !== label) suspects.push({ index, label, suggested: confident, margin: marginOf(p, label) });
  }
  const share = joint.reduce((sum, row, label) => {
    const total = row.reduce((a, b) => a + b, 0);
    return total > 0 ? sum + (counts[label]! / n) * (1 - row[label]! / total) : sum;
  }, 0);
  return { joint, share, suspects: suspects.sort((a, b) => a.margin - b.margin || a.index - b.index), thresholds };
}

/** All examples by how doubtful their labels are, the most doubtful first: by the margin of `Suspect`. */
export function rankByDoubt(probabilities: Float32Array, labels: ArrayLike<number>, classes: number): Uint32Array {
  const margins = Float64Array.from(labels, (label, i) =>
    marginOf(probabilities.subarray(i * classes, (i + 1) * classes), label),
  );
  return Uint32Array.from(margins.keys()).sort((a, b) => margins[a]! - margins[b]! || a - b);
}

function marginOf(p: Float32Array, label: number): number {
  let other = 0;
  for (let c = 0; c < p.length; c++) if (c !== label) other = Math.max(other, p[c]!);
  return p[label]! - other;
}

/** Share of planted examples among the first k of a ranking, for each k. */
export function precisionAt(ranking: ArrayLike<number>, planted: ReadonlySet<number>, ks: readonly number[]): number[] {
  return ks.map(k => {
    let hits = 0;
    for (let i = 0; i < k; i++) hits += Number(planted.has(ranking[i]!));
    return hits / k;
  });
}

/** Labels of which some were made wrong on purpose, and which. */
export interface Flipped {
  readonly labels: Uint8Array;
  readonly planted: ReadonlySet<number>;
}

/** Gives `count` examples by chance another class by chance. @throws ValueError when there are not so many. */
export function flipLabels(labels: ArrayLike<number>, classes: number, count: number, seed: number): Flipped {
  if (!Number.isInteger(count) || count < 0 || count > labels.length) {
    throw new ValueError(`label noise: ${count} labels of ${labels.length} to be flipped; give a number in between`);
  }
  const random = new Sampler(seed);
  const order = Uint32Array.from({ length: labels.length }, (_, i) => i);
  const flipped = Uint8Array.from(labels);
  for (let i = 0; i < count; i++) {
    const j = random.int(i, order.length - 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
    flipped[order[i]!] = (labels[order[i]!]! + random.int(1, classes - 1)) % classes;
  }
  return { labels: flipped, planted: new Set(order.subarray(0, count)) };
}
