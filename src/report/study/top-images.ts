import { classPurity, type TopImage, topImages } from '../../study/top-images.ts';
import { type Block, heading, muted, sheets, text } from '../document.ts';
import { count, percent } from '../format.ts';
import { pictureOf } from '../pictures.ts';
import { contactSheet, outlined } from '../sheet.ts';
import type { Picture } from '../types.ts';
import { weightedLayers } from './inspected.ts';
import { spread } from './spread.ts';
import type { Study, Subject } from './study.ts';

interface TopLayer {
  readonly layer: string;
  readonly units: number;
  /** Whether a value depends on the whole picture: then no field is drawn. */
  readonly whole: boolean;
  /** Of the units that answer at all: how much of one class their images are. */
  readonly purity: number;
  readonly untrained: number;
  /** The images of the first units, the number in the data set of each. */
  readonly shown: readonly {
    readonly unit: number;
    readonly images: readonly (TopImage & { readonly number: number })[];
  }[];
}

interface TopImagesResult {
  readonly images: string;
  readonly layers: readonly TopLayer[];
  /** Pictures by their place among the images. */
  readonly pictures: Readonly<Record<string, Picture>>;
}

const TOP = 9;
const DRAWN = 4;
const UNITS = 12;
const SCALE = 2;

/** Which pictures each unit answers to most. */
export const topImagesStudy: Study<TopImagesResult> = {
  name: 'top-images',
  title: 'What each unit answers to',
  describe: 'the images with the largest value of each unit, with the part of them that this value depends on',
  run: study,
  section,
};

async function study(subject: Subject): Promise<TopImagesResult> {
  const { run, unseen, signal } = subject;
  const built = weightedLayers(run.model);
  const names = built.map(({ name }) => name);
  const options = { layers: names, top: TOP, signal };
  const trained = await topImages(run.model, unseen.images, options);
  const untrained = await topImages(await run.untrained(), unseen.images, options);
  const drawn = new Set(spread(names.length, DRAWN).map(i => names[i]!));
  const { labels } = unseen.images;
  const layers = built.map(({ name: layer, field }): TopLayer => {
    const units = trained[layer]!;
    const shown = drawn.has(layer) ? answering(units).slice(0, UNITS) : [];
    return {
      ...{ layer, units: units.length, whole: field.whole },
      purity: classPurity(
        answering(units).map(({ images }) => images),
        labels,
      ),
      untrained: classPurity(
        answering(untrained[layer]!).map(({ images }) => images),
        labels,
      ),
      shown: shown.map(({ unit, images }) => ({
        unit,
        images: images.map(top => ({ ...top, number: unseen.numbers[top.image]! })),
      })),
    };
  });
  const used = new Set(layers.flatMap(({ shown }) => shown.flatMap(({ images }) => images.map(({ image }) => image))));
  return {
    images: `${count(unseen.images.count)} ${unseen.what}`,
    layers,
    pictures: Object.fromEntries([...used].map(image => [image, pictureOf(unseen.images, image)])),
  };
}

/** Those that have more than zero for some image: the first images of a dead unit mean nothing. */
function answering(units: readonly (readonly TopImage[])[]): { unit: number; images: TopImage[] }[] {
  return units
    .map((images, unit) => ({ unit, images: images.filter(({ value }) => value !== 0) }))
    .filter(({ images }) => images.length > 0);
}

function section({ images, layers, pictures }: TopImagesResult): Block[] {
  return [
    text(
      `Of ${images}, those for which a unit has its largest value: a row for each unit, the largest value first. The frame is ` +
        'the part of the picture that this value depends on. Pictures that look alike say what the unit answers to, as far ' +
        'as these images tell.',
    ),
    {
      kind: 'table',
      name: 'Class purity',
      head: ['Layer', 'Units', 'Of one class', 'With random weights'],
      rows: layers.map(({ layer, units, purity, untrained }) => [
        ...[layer, count(units), percent(purity, 0), percent(untrained, 0)],
      ]),
    },
    muted(
      `Of one class: of the ${TOP} images of a unit the share that its most frequent class has, the mean over all units that ` +
        'answer to anything. The control is the same network with random weights.',
    ),
    ...layers.filter(({ shown }) => shown.length > 0).flatMap(layer => layerBlocks(layer, pictures)),
  ];
}

function layerBlocks({ layer, units, whole, shown }: TopLayer, pictures: TopImagesResult['pictures']): Block[] {
  const framed = shown.flatMap(({ images }) =>
    Array.from({ length: TOP }, (_, i) => {
      const top = images[i];
      return top && outlined(pictures[top.image]!, whole ? undefined : top.field, SCALE);
    }),
  );
  const which = shown.map(({ unit }) => unit).join(', ');
  return [
    heading(layer),
    sheets({
      name: `top-images-${layer.replaceAll('.', '-')}`,
      picture: contactSheet(framed, { columns: TOP, gap: 3 }),
      alt: `Images that units of ${layer} answer to most`,
      caption: `Units ${which} of ${units}${whole ? '; a value depends on the whole picture' : ''}.`,
    }),
  ];
}
