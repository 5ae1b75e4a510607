import { type Block, heading, muted, type Section, text } from '../document.ts';
import { edgesOf, SHOWN, shownOf } from '../edges.ts';
import { count, fromBase64, percent } from '../format.ts';
import type { ModelSummary } from '../summary.ts';
import type { Comparison } from '../types.ts';

/** Images that nobody gets right, and that only one model does. */
export function edgesSection(comparison: Comparison, models: readonly ModelSummary[]): Section | undefined {
  const edges = edgesOf(models);
  if (!edges || models.length < 2) return undefined;
  const { pictures = {}, data } = comparison;
  const { nobody, agreed, onlyOne, labels } = edges;
  const shown = shownOf(edges);
  const called = (index: number, { runs }: ModelSummary) => data.classes[fromBase64(runs[0]!.test.predictions)[index]!];
  const block = (indices: readonly number[], whom: readonly ModelSummary[]): Block[] => {
    const items = indices.flatMap(index => {
      const picture = pictures[index];
      const is = data.classes[labels[index]!]!;
      const others = [...new Set(whom.map(model => called(index, model)))].join(', ');
      return picture
        ? [{ picture, alt: `test image ${index}, ${is}`, lines: [is, `called ${others}`, `no. ${index}`] }]
        : [];
    });
    return items.length > 0 ? [{ kind: 'pictures', items }] : [];
  };
  const each = models.flatMap((model, i): Block[] => {
    const own = onlyOne[i]!;
    if (own.length === 0) return [];
    const others = models.filter(other => other !== model);
    return [heading(`Only the ${model.title}: ${count(own.length)}`), ...block(shown.onlyOne[i]!, others)];
  });
  const of = `the ${count(labels.length)} test images`;
  const sure = agreed.length > 0 ? `, ${count(agreed.length)} of them called the same by every run` : '';
  const lost =
    nobody.length > 0
      ? `Every run was wrong about ${count(nobody.length)} of ${of} (${percent(nobody.length / labels.length, 1)})${sure}: what is too hard for all models here, or wrongly labelled.`
      : `Each of ${of} was classified rightly by some run.`;
  return {
    title: 'Edge cases',
    blocks: [
      text(lost),
      ...(nobody.length > 0 ? [heading(`Nobody: ${count(nobody.length)}`), ...block(shown.nobody, models)] : []),
      ...each,
      ...(each.length > 0
        ? [muted('Only one: right with every seed of that model, wrong with every run of all others.')]
        : []),
      muted(
        `At most ${SHOWN} of each are shown, the first in the test set; of those that nobody got right first those that all call the same.`,
      ),
    ],
  };
}
