import type { ImageData8 } from '../data/dataset.ts';
import { fromBase64 } from './format.ts';
import { toPicture } from './pictures.ts';
import { type EdgeCases, edgeCases } from './science/edge-cases.ts';
import type { ModelSummary } from './summary.ts';
import type { Picture } from './types.ts';

/** Pictures that a report shows of each kind, at most. */
export const SHOWN = 12;

/** Edge cases of models that stand side by side; undefined before there is a model. */
export function edgesOf(models: readonly ModelSummary[]): (EdgeCases & { readonly labels: Uint8Array }) | undefined {
  const first = models[0]?.runs[0];
  if (!first) return undefined;
  const labels = fromBase64(first.test.labels);
  const answers = models.map(({ runs }) => runs.map(({ test }) => fromBase64(test.predictions)));
  return { ...edgeCases(answers, labels), labels };
}

/** Those that are shown: of the images that nobody got right first those that all call the same. */
export function shownOf({ nobody, agreed, onlyOne }: EdgeCases): { nobody: number[]; onlyOne: number[][] } {
  const others = nobody.filter(i => !agreed.includes(i));
  return { nobody: [...agreed, ...others].slice(0, SHOWN), onlyOne: onlyOne.map(own => own.slice(0, SHOWN)) };
}

/** The pictures that a report of these models shows, by their index in the test set. */
export function picturesOf(models: readonly ModelSummary[], test: ImageData8): Record<string, Picture> {
  const edges = edgesOf(models);
  if (!edges) return {};
  const { nobody, onlyOne } = shownOf(edges);
  const size = test.images.length / test.count;
  const entries = [...new Set([...nobody, ...onlyOne.flat()])].map(
    i => [String(i), toPicture(test.images.subarray(i * size, (i + 1) * size), test)] as const,
  );
  return Object.fromEntries(entries);
}
