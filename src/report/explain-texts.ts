/** What the controls of an explanation say, in sentences that claim no more than one picture can carry. */
import type { CascadeStep, Explained, ExplainedImage } from '../study/index.ts';
import { listing, minus, percent } from './format.ts';

/** Rank correlation from which a map is said to have stayed: the order of the pixels is then half explained by the old one. */
const STAYED = Math.SQRT1_2;
/** From which it is said to have kept part of its order. */
const RELATED = 0.3;
/** Areas nearer to one another than this are called alike. */
const ALIKE = 0.02;

export const figure = (value: number) => minus(value.toFixed(2));

/** The step at which half of the layers have forgotten, the upper ones. */
export function halfway(cascade: readonly CascadeStep[]): CascadeStep {
  return cascade[Math.floor(cascade.length / 2)]!;
}

/** Layers that are random at this step, the last first. */
export function forgotten(cascade: readonly CascadeStep[], until: CascadeStep): string[] {
  return cascade.slice(0, cascade.indexOf(until) + 1).flatMap(({ layers }) => layers);
}

export type Verdict = 'forgets' | 'keeps part' | 'keeps its map';

/** Whether the map depends on what the network has learned, by the rank correlation that is left halfway and at the end. */
export function verdict(cascade: readonly CascadeStep[]): Verdict {
  const left = [halfway(cascade), cascade[cascade.length - 1]!].map(({ trained }) => Math.abs(trained.rank));
  const most = Math.max(...left);
  return most >= STAYED ? 'keeps its map' : most >= RELATED ? 'keeps part' : 'forgets';
}

/** What became of the map when layers forgot. */
export function cascadeSentence({ cascade }: Pick<Explained, 'cascade'>): string {
  const half = halfway(cascade);
  const last = cascade[cascade.length - 1]!;
  const layers = forgotten(cascade, half);
  const which = layers.length > 3 ? `the last ${layers.length} layers` : listing(layers);
  const said = {
    forgets: 'So it depends on what the network learned.',
    'keeps part': 'So it depends on what the network learned, but not alone: part of it any network would draw.',
    'keeps its map':
      'That fails the test: it is a map of the picture, and of its first layers at most, whatever the others learned.',
  }[verdict(cascade)];
  return (
    `With random weights in ${which}, the order of its pixels correlates by ${figure(half.trained.rank)} with that of ` +
    `the trained network; with random weights everywhere, by ${figure(last.trained.rank)}. ${said}`
  );
}

/** How its order of the pixels does against the two that know no network. */
export function curvesSentence(
  { curves, method }: Pick<Explained, 'curves' | 'method'>,
  { random, magnitude }: ExplainedImage['controls'],
): string {
  const gain = (than: number) => than - curves.deletion.area;
  const [overRandom, overBright] = [gain(random.deletion.area), gain(magnitude.deletion.area)];
  const order = method.signed ? 'from the most positive pixel' : 'from its largest value';
  const found =
    overRandom > ALIKE && overBright > ALIKE
      ? 'faster than in random order, and faster than with the brightest first'
      : overRandom > ALIKE
        ? 'faster than in random order, but no faster than with the brightest first'
        : overRandom < -ALIKE
          ? 'slower than in random order'
          : 'no faster than in random order';
  const areas = [curves, random, magnitude].map(({ deletion }) => percent(deletion.area, 0));
  return (
    `Taking pixels away ${order} makes the probability fall ${found} ` +
    `(mean on the way: ${areas[0]}, against ${areas[1]} and ${areas[2]}).`
  );
}
