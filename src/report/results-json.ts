import { answers } from './answers.ts';
import { conclusions } from './conclusions.ts';
import { edgesOf } from './edges.ts';
import { fromBase64 } from './format.ts';
import { summarize } from './summary.ts';
import type { Comparison } from './types.ts';

/**
 * All results as JSON for other programs: each run with its class for every test image, the labels once, and what was
 * concluded, with the numbers behind it. Pictures are left out; logits lie beside, in the files that `outputs` names.
 */
export function resultsJson(comparison: Comparison): string {
  const { runs, pictures: _, ...about } = comparison;
  const models = summarize(comparison);
  const edges = edgesOf(models);
  const content = {
    format: 'weft results 1',
    ...about,
    labels: runs[0] ? [...fromBase64(runs[0].test.labels)] : [],
    runs: runs.map(({ test: { labels: __, predictions, worst, ...test }, ...run }) => ({
      ...run,
      test: {
        ...test,
        worst: worst.map(({ picture: ___, ...mistake }) => mistake),
        predictions: [...fromBase64(predictions)],
      },
    })),
    conclusions: conclusions(comparison, models),
    answers: answers(comparison).map(({ question, contrasts, together, open }) => ({
      ...{ question: question.id, asks: question.asks, control: question.control, together, open },
      contrasts: contrasts.map(({ contrast, found, p, sentence }) => {
        const { difference, low, high } = found;
        return { ...contrast, over: found.over, difference, low, high, p: found.p, pHolm: p, sentence };
      }),
    })),
    ...(edges && {
      edges: {
        nobody: edges.nobody,
        nobodyAgreed: edges.agreed,
        onlyOne: Object.fromEntries(models.map(({ row }, i) => [row, edges.onlyOne[i]])),
      },
    }),
  };
  return `${JSON.stringify(content)}\n`;
}
