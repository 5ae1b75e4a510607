import { muted, type Section, text } from '../document.ts';
import { count, fromBase64, percent, points } from '../format.ts';
import { hits, mean } from '../statistics.ts';
import type { ModelSummary } from '../summary.ts';
import type { DuplicateReport } from '../types.ts';

/** Root mean square difference below which two pictures of Fashion-MNIST are the same photograph to the eye. */
export const SAME_PICTURE = 0.04;

/** How many test pictures stand among the training pictures, and what the models are worth without them. */
export function duplicatesSection(
  duplicates: DuplicateReport | undefined,
  models: readonly ModelSummary[],
): Section | undefined {
  if (!duplicates || models.length === 0) return undefined;
  const { limit, pairs } = duplicates;
  const within = (most: number) => pairs.filter(([, , distance]) => distance <= most);
  const [same, close] = [within(Math.min(SAME_PICTURE, limit)), within(limit)];
  const images = models[0]!.runs[0]!.test.images;
  const identical = same.filter(([, , distance]) => distance === 0).length;
  const other = same.filter(([, , , sameLabel]) => sameLabel === 0).length;
  const largest = Math.max(...models.map(m => Math.abs(without(m, close) - m.accuracy)));
  return {
    title: 'Near-duplicates',
    blocks: [
      text(
        `${count(same.length)} of the ${count(images)} test pictures (${percent(same.length / images)}) stand among the training pictures too, or nearly: ${count(identical)} to the pixel, ${count(other)} with another label. ${count(close.length)} have a training picture that is merely close. Without any of these the accuracies move by at most ${points(largest, 2)}.`,
      ),
      {
        kind: 'table',
        name: 'Accuracy without near-duplicates',
        head: ['', 'all test pictures', 'without the same', 'without the close'],
        rows: models.map(m => [m.title, percent(m.accuracy), percent(without(m, same)), percent(without(m, close))]),
        colours: models.map((_, i) => i),
      },
      muted(
        `The same: root mean square difference of the pixels of at most ${percent(Math.min(SAME_PICTURE, limit), 0)} of the range; close: at most ${percent(limit, 0)}. All training pictures were searched, also those that a run did not use; found by comparing every pair, without shifts.`,
      ),
    ],
  };
}

function without({ runs }: ModelSummary, pairs: DuplicateReport['pairs']): number {
  const left = new Set(pairs.map(([test]) => test));
  return mean(
    runs.map(({ test }) => {
      const right = hits(fromBase64(test.labels), fromBase64(test.predictions)).filter((_, i) => !left.has(i));
      return right.reduce((sum, hit) => sum + hit, 0) / right.length;
    }),
  );
}
