import type { Model } from '../../nn/index.ts';
import {
  bestMatches,
  type FilterBank,
  type FilterChange,
  filterBanks,
  filterChanges,
  filterPicture,
} from '../../study/filters.ts';
import type { Look } from '../../study/watch.ts';
import { type Block, heading, muted, sheets, text } from '../document.ts';
import { count, minus, percent } from '../format.ts';
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

/** The first layer after every epoch. */
interface Film {
  readonly layer: string;
  readonly epochs: readonly number[];
  /** Of each filter, a picture for each epoch. */
  readonly filters: readonly (readonly Picture[])[];
}

interface FiltersResult {
  readonly layers: readonly FilterLayer[];
  /** Of a run that was watched. */
  readonly film?: Film;
  /** The first bank of each other run. */
  readonly others: readonly OtherFilters[];
}

interface OtherFilters {
  readonly run: string;
  readonly layer: string;
  readonly trained: readonly Picture[];
  /** Where they are of one shape. */
  readonly matches?: Matches;
}

/** Of each filter of this run's first layer the largest cosine to any of the other's. */
interface Matches {
  readonly trained: readonly number[];
  /** Control: this run's trained filters, and those from before its first step, to the other's before its first step. */
  readonly toRandom: readonly number[];
  readonly random: readonly number[];
}

/** Filters shown of a layer whose filters are shown whole, and of one of which slices are. */
const WHOLE = 64;
const SLICED = 12;
/** Channels of a filter that are shown, the first. */
const SLICES = 16;
/** Layers shown of a deep network, spread over its depth; the table has all. */
const DRAWN = 5;
/** Filters of the film, and moments of each. */
const FILMED = 16;
const FRAMES = 12;
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
      if (!bank) return [];
      const [start] = await filterBanks(await other.first());
      const matches = matchesOf([first[0]!, trained[0]!], [start!, bank]);
      return [{ run: other.path, layer: bank.layer, trained: picturesOf(bank), ...(matches && { matches }) }];
    }),
  );
  const film = run.looks && filmOf(run.looks);
  return { layers, ...(film && { film }), others: beside.flat() };
}

type BeforeAndAfter = readonly [first: FilterBank, trained: FilterBank];

function matchesOf([first, trained]: BeforeAndAfter, [otherFirst, other]: BeforeAndAfter): Matches | undefined {
  if (first.shape.slice(0, 3).join() !== other.shape.slice(0, 3).join()) return undefined;
  return {
    trained: bestMatches(trained, other),
    toRandom: bestMatches(trained, otherFirst),
    random: bestMatches(first, otherFirst),
  };
}

/** Undefined where the first layer is too large to have been kept. */
function filmOf(looks: readonly Look[]): Film | undefined {
  const kept = looks.filter(({ filters }) => filters);
  const frames = spread(kept.length, FRAMES).map(i => kept[i]!);
  const [first] = frames;
  if (!first) return undefined;
  const banks = frames.map(({ filters }): FilterBank => ({ ...filters!, values: Float32Array.from(filters!.values) }));
  const { layer, shape } = first.filters!;
  const filters = Array.from({ length: Math.min(FILMED, shape[3]) }, (_, filter) =>
    banks.map(bank => {
      const picture = filterPicture(bank, filter);
      return toPicture(picture.pixels, picture);
    }),
  );
  return { layer, epochs: frames.map(({ epoch }) => epoch), filters };
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

function section({ layers, film, others }: FiltersResult): Block[] {
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
          ...[median(cosines), Math.max(...cosines), Math.min(...cosines)].map(value =>
            Number.isFinite(value) ? minus(value.toFixed(2)) : 'n/a',
          ),
        ];
      }),
    },
    muted(
      'Moved by: distance to the start over the length at the start. A cosine near 1 means that a filter points where ' +
        'it pointed before training; layers that were frozen did not move.',
    ),
    ...drawn.flatMap(layerBlocks),
    heading('Over time'),
    ...filmBlocks(film),
    ...(others.length > 0 ? [heading('First layer of the networks beside it')] : []),
    ...matchBlocks(others),
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

function matchBlocks(others: FiltersResult['others']): Block[] {
  const matched = others.flatMap(({ run, matches }) => (matches ? [{ run, ...matches }] : []));
  if (matched.length === 0) return [];
  return [
    {
      kind: 'table',
      name: 'The same filters in other networks',
      head: ['Network', 'Closest filter, both trained', 'to its first ones', 'both before the first step'],
      rows: matched.map(({ run, trained, toRandom, random }) => [
        run,
        ...[trained, toRandom, random].map(cosines => minus(median(cosines).toFixed(3))),
      ]),
    },
    muted(
      'Of each filter the largest cosine to any filter of the other network, the median over the filters: 1 where the other has ' +
        'the same. Control: the filters from before the first step, among which chance finds pairs that are much alike.',
    ),
  ];
}

function filmBlocks(film: Film | undefined): Block[] {
  if (!film) {
    return [muted('How the filters came to be is kept by weft train --watch of runs whose first layer is small.')];
  }
  const { layer, epochs, filters } = film;
  return [
    sheets({
      name: 'filters-film',
      picture: sheetOf(filters.flat(), epochs.length),
      alt: `Filters of ${layer} after each epoch`,
      caption: `${layer}: a row for each of ${filters.length} filters, a column for each moment: after epoch ${epochs.join(', ')}. Epoch 0 is before the first step.`,
    }),
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
