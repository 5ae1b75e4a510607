import type { Model } from '../../nn/index.ts';
import { type FilterBank, type FilterChange, filterBanks, filterChanges, filterPicture } from '../../study/filters.ts';
import { type Block, heading, muted, sheets, text } from '../document.ts';
import { count, percent } from '../format.ts';
import { toPicture } from '../pictures.ts';
import { contactSheet } from '../sheet.ts';
import { quantile } from '../statistics.ts';
import type { Picture } from '../types.ts';
import { spread } from './spread.ts';
import type { Study, Subject } from './study.ts';

interface FilterLayer {
  readonly layer: string;
  readonly shape: readonly number[];
  /** Pictures of one filter: 1 where it is shown whole, else so many of its channels. */
  readonly slices: number;
  readonly trained: readonly Picture[];
  /** The same filters before the first step. */
  readonly first: readonly Picture[];
  /** Of every filter. */
  readonly change: readonly FilterChange[];
}

interface FiltersResult {
  readonly layers: readonly FilterLayer[];
  /** The first bank of each other run. */
  readonly others: readonly { readonly run: string; readonly layer: string; readonly trained: readonly Picture[] }[];
}

/** Filters shown of a layer whose filters are shown whole, and of one of which slices are. */
const WHOLE = 64;
const SLICED = 12;
/** Channels of a filter that are shown, the first. */
const SLICES = 16;
/** Layers shown of a deep network, spread over its depth; the table has all. */
const DRAWN = 5;
/** Side of a picture on the sheet, about. */
const SIDE = 36;

/** What each layer looks for, beside what the same layer was before its first step. */
export const filters: Study<FiltersResult> = {
  name: 'filters',
  title: 'Filters',
  describe: 'the kernels as pictures, beside what they were before the first step, and how far they moved',
  unfit: ({ run }) => (isPictured(run.model) ? undefined : 'no layer has weights that lie as a picture does'),
  run: study,
  section,
};

const isPictured = (model: Model) => model.parameters.segments.some(({ shape }) => shape.length === 4 || isFlat(model));
const isFlat = ({ inputShape, parameters }: Model) =>
  parameters.segments[0]?.shape[0] === inputShape.reduce((a, b) => a * b, 1);

async function study({ run, others }: Subject): Promise<FiltersResult> {
  const trained = await filterBanks(run.model);
  const first = await filterBanks(await run.first());
  const drawn = new Set(spread(trained.length, DRAWN));
  const layers = trained.map((bank, i): FilterLayer => {
    const { layer, shape } = bank;
    const before = first[i]!;
    const shown = drawn.has(i);
    return {
      ...{ layer, shape, slices: isWhole(bank) ? 1 : Math.min(SLICES, shape[2]) },
      trained: shown ? picturesOf(bank) : [],
      first: shown ? picturesOf(before) : [],
      change: filterChanges(before, bank),
    };
  });
  const beside = await Promise.all(
    others.map(async other => {
      const [bank] = await filterBanks(other.model);
      return bank ? [{ run: other.path, layer: bank.layer, trained: picturesOf(bank) }] : [];
    }),
  );
  return { layers, others: beside.flat() };
}

const isWhole = ({ shape }: FilterBank) => shape[2] === 1 || shape[2] === 3;

/** Filter by filter; of one with many channels, a row of its first ones. */
function picturesOf(bank: FilterBank): Picture[] {
  const [, , channels, filters] = bank.shape;
  const whole = isWhole(bank);
  const shown = Array.from({ length: Math.min(filters, whole ? WHOLE : SLICED) }, (_, filter) => filter);
  const slices = Array.from({ length: Math.min(channels, SLICES) }, (_, channel) => channel);
  const pictures = shown.flatMap(filter =>
    whole ? [filterPicture(bank, filter)] : slices.map(channel => filterPicture(bank, filter, channel)),
  );
  return pictures.map(picture => toPicture(picture.pixels, picture));
}

function section({ layers, others }: FiltersResult): Block[] {
  const drawn = layers.filter(({ trained }) => trained.length > 0);
  return [
    text(
      'Each filter by itself: grey is a weight of zero, black and white are its largest weight with either sign. ' +
        'Beside it the control: the same filters as they were drawn at random, or loaded, before the first step.',
    ),
    {
      kind: 'table',
      name: 'How far the filters moved',
      head: ['Layer', 'Filters', 'Window', 'Moved by (median)', 'Cosine to the start (median)', 'Least', 'Most turned'],
      rows: layers.map(({ layer, shape, change }) => {
        const cosines = change.map(({ cosine }) => cosine).filter(Number.isFinite);
        const relative = change.map(value => value.relative).filter(Number.isFinite);
        const [height, width, channels, filters] = shape as [number, number, number, number];
        const moved = median(relative);
        return [
          ...[layer, count(filters), `${height} x ${width} x ${channels}`, percent(moved, 0)],
          ...[median(cosines), Math.max(...cosines), Math.min(...cosines)].map(value => value.toFixed(2)),
        ];
      }),
    },
    muted(
      'Moved by: distance to the start over the length at the start. A cosine near 1 means that a filter points where ' +
        'it pointed before training; layers that were frozen did not move.',
    ),
    ...drawn.flatMap(layerBlocks),
    ...(others.length > 0 ? [heading('First layer of the other runs')] : []),
    ...others.map(({ run, layer, trained }, i) =>
      sheets({
        name: `filters-other-${i + 1}`,
        picture: sheetOf(trained, 1),
        alt: `Filters of ${layer} of ${run}`,
        caption: `${run}, ${layer}`,
      }),
    ),
  ];
}

function layerBlocks({ layer, shape, slices, trained, first }: FilterLayer): Block[] {
  const [, , channels, filters] = shape as [number, number, number, number];
  const shown = trained.length / slices;
  const which = slices === 1 ? '' : `, a row for each; its first ${slices} of ${channels} channels`;
  const what = `${shown < filters ? `${shown} of ${filters}` : `All ${filters}`} filters${which}`;
  const name = `filters-${layer.replaceAll('.', '-')}`;
  return [
    heading(layer),
    sheets(
      {
        name,
        picture: sheetOf(trained, slices),
        alt: `Filters of ${layer} after training`,
        caption: `${what}; after training.`,
      },
      {
        name: `${name}-first`,
        picture: sheetOf(first, slices),
        alt: `Filters of ${layer} before training`,
        caption: 'The same before the first step.',
      },
    ),
  ];
}

function sheetOf(pictures: readonly Picture[], slices: number): Picture {
  const side = Math.max(pictures[0]!.width, pictures[0]!.height);
  const scale = Math.max(1, Math.floor((slices === 1 ? SIDE : SIDE / 1.5) / side));
  return contactSheet(pictures, { columns: slices === 1 ? 8 : slices, scale });
}

const median = (values: readonly number[]) =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
