import { type Answer, type Answered, answers } from '../answers.ts';
import { type Block, charts, list, muted, type Section, type Table, text } from '../document.ts';
import { count, magnitude, minus, percent, points, pValue } from '../format.ts';
import { plot } from '../plots.ts';
import { type ModelSummary, summarize } from '../summary.ts';
import { waiting } from '../texts.ts';
import type { Comparison } from '../types.ts';
import { spread } from './cost.ts';

/** A section for each question, with its figure, its table and its control. */
export function questionSections(comparison: Comparison): Section[] {
  return answers(comparison).map(answer => {
    const { question, contrasts, together, open } = answer;
    const blocks: Block[] = [
      ...(together ? [text(together)] : []),
      ...(contrasts.length > 0 ? [list(contrasts.map(({ sentence }) => sentence))] : []),
      ...figureOf(comparison, answer),
      ...(contrasts.length > 0 ? [contrastTable(question.asks, contrasts)] : []),
      muted(`Control: ${question.control}${open > 0 ? ` ${waiting(open)}` : ''}`),
    ];
    return { title: question.asks, blocks };
  });
}

function contrastTable(name: string, contrasts: readonly Answered[]): Table {
  const signed = (share: number) => (share > 0 ? `+${points(share)}` : points(share));
  const range = (low: number, high: number) => `${minus((100 * low).toFixed(1))} to ${minus((100 * high).toFixed(1))}`;
  return {
    kind: 'table',
    name,
    head: ['What is added', 'with', 'without', 'difference', '95 % interval', 'p (Holm)', 'seeds'],
    rows: contrasts.map(({ contrast, first, second, found, p }) => [
      contrast.adds,
      percent(first.accuracy),
      percent(second.accuracy),
      signed(found.difference),
      range(found.low, found.high),
      pValue(p).replace(/^p (= )?/, ''),
      found.over === 'seeds' ? found.seeds.join(' and ') : `this run (seed ${found.runs[0].seed})`,
    ]),
  };
}

/** A picture where the question is about a quantity. */
function figureOf(comparison: Comparison, { question, contrasts }: Answer): Block[] {
  if (contrasts.length === 0) return [];
  if (question.id === 'size') return [sizeFigure(comparison, contrasts)];
  if (question.id === 'cut') return [cutFigure(contrasts)];
  return [];
}

function rowsOf(contrasts: readonly Answered[]): ModelSummary[] {
  return [...new Map(contrasts.flatMap(({ first, second }) => [first, second]).map(m => [m.row, m])).values()];
}

/** Accuracy over the number of training images: the rows of the question, and what stands side by side with all of them. */
function sizeFigure(comparison: Comparison, contrasts: readonly Answered[]): Block {
  const rows = rowsOf(contrasts);
  const names = [...new Set(rows.map(({ model }) => model))];
  const whole = summarize(comparison).filter(({ model, row }) => names.includes(model) && row === model);
  const all = [...rows, ...whole];
  return charts(
    plot({
      title: 'Accuracy and training images',
      x: { title: 'training images', text: count, log: true },
      y: share => percent(share, share * 100 === Math.round(share * 100) ? 0 : 1),
      lines: true,
      series: names.map((name, colour) => ({
        name: whole.find(({ model }) => model === name)?.title ?? name,
        colour,
        points: all
          .filter(({ model }) => model === name)
          .map(m => ({ x: m.runs[0]!.trained, y: m.accuracy, ...spread(m) })),
      })),
    }),
  );
}

/** Behind which the usual cut is. */
const LAST_BLOCK = 5;

/** Accuracy over the arithmetic of each cut, one line for each size of the pictures; random weights apart from both. */
function cutFigure(contrasts: readonly Answered[]): Block {
  const groups = new Map<string, ModelSummary[]>();
  const names = new Map<string, string>();
  for (const m of rowsOf(contrasts)) {
    // 'vgg16-block3-64': the family, the block where it is not the last, and the size where it is not 32.
    const [, block, size = '32'] = /^vgg16(?:-block(\d))?(?:-(\d+))?$/.exec(m.row) ?? [undefined, undefined, ''];
    const name = size === '' ? m.title : `weights of ImageNet, ${size} px`;
    groups.set(name, [...(groups.get(name) ?? []), m]);
    names.set(m.row, size === '' ? '' : `block ${block ?? LAST_BLOCK}`);
  }
  return charts(
    plot({
      title: 'Cuts: accuracy and arithmetic',
      x: { title: 'floating-point operations an image, forward', text: magnitude, log: true },
      y: share => percent(share, 1),
      lines: true,
      series: [...groups].map(([name, rows], colour) => ({
        name,
        colour,
        points: rows.map(m => ({ x: m.flopsPerImage, y: m.accuracy, name: names.get(m.row)!, ...spread(m) })),
      })),
    }),
  );
}
