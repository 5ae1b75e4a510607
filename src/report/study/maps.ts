import { type HostArray, imageAt } from '../../study/arrays.ts';
import { type ClassMap, classMaps } from '../../study/class-maps.ts';
import { defaultMapLayer, mapLayers, overImage } from '../../study/grad-cam.ts';
import { methods, whyNot } from '../../study/methods.ts';
import { type CascadeStep, cascade, type Explain } from '../../study/randomisation.ts';
import type { MapSimilarity } from '../../study/similarity.ts';
import { type ColourMapName, paint } from '../colour-maps.ts';
import { type Block, heading, muted, sheets, text } from '../document.ts';
import { forgotten, halfway } from '../explain-texts.ts';
import { count, listing, percent } from '../format.ts';
import { pictureOfValues } from '../pictures.ts';
import { contactSheet } from '../sheet.ts';
import { mean } from '../statistics.ts';
import type { Picture } from '../types.ts';
import { operationsFor } from './budget.ts';
import type { Study, Subject } from './study.ts';

interface MapsResult {
  /** Pictures whose maps were compared, one of a class each. */
  readonly images: number;
  readonly what: string;
  /** Layers that were random halfway; at the end all are. */
  readonly half: readonly string[];
  readonly methods: readonly MethodMaps[];
  /** One of the pictures, and its map by each method as the layers forget. Absent of reports of older versions. */
  readonly example?: {
    readonly number: number;
    readonly label: string;
    readonly maps: readonly { readonly signed: boolean; readonly stages: readonly PlainMap[] }[];
  };
  /** Of a network with maps, Grad-CAM by class. */
  readonly classes?: {
    readonly layer: string;
    readonly names: readonly string[];
    readonly trained: readonly MapPicture[];
    /** Control: the same network with random weights. */
    readonly untrained: readonly MapPicture[];
    readonly pictures: readonly Picture[];
  };
}

interface MethodMaps {
  readonly title: string;
  /** Of each picture, how alike its map is to the one of the trained network: see `MapSimilarity`. */
  readonly halfway: readonly MapSimilarity[];
  readonly end: readonly MapSimilarity[];
  /** Of the trained network's map, with an edge detector's. */
  readonly edges: readonly MapSimilarity[];
}

interface PlainMap {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A mean map, over the picture. */
interface MapPicture extends PlainMap {
  readonly images: number;
  readonly blank: number;
}

/** Forward passes that it takes to explain a picture by all methods once, about. */
const PASSES = 250;
/** Floating-point operations: about two minutes on a processor. */
const BUDGET = { software: 1.2e12, gpu: 1e15 };

/** How often layers forget, each time more of them. */
const STEPS = { fewest: 2, most: 8 };

/** Pictures of a class whose Grad-CAM is averaged, at most. */
const EACH = 20;
const SCALE = 2;
const EXAMPLE_SCALE = 3;

/** Whether maps that explain answers show what was learned, and where each class is recognised. */
export const maps: Study<MapsResult> = {
  name: 'maps',
  title: 'What the maps that explain it are worth',
  describe: 'how much of each map is left when layers get random weights, and Grad-CAM by class',
  unfit: ({ run }) => (run.model.inputShape.length === 3 ? undefined : 'the network does not take pictures'),
  run: study,
  section,
};

async function study(subject: Subject): Promise<MapsResult> {
  const { engine, run, unseen, signal, progress } = subject;
  const { images } = unseen;
  // How often a picture can be explained: as often as layers forget, and once before.
  const affordable = Math.floor(operationsFor(engine, BUDGET) / (PASSES * run.model.describe().flops));
  const steps = Math.min(STEPS.most, Math.max(STEPS.fewest, affordable - 1));
  const able = methods.filter(method => whyNot(method, run.model) === undefined);
  const chosen = images.classes
    .map((_, label) => images.labels.indexOf(label))
    .filter(place => place >= 0)
    .slice(0, Math.max(1, Math.floor(affordable / (steps + 1))));
  const cascades: Record<string, CascadeStep[]>[] = [];
  for (const [i, place] of chosen.entries()) {
    const image = imageAt(images, place);
    const options = { target: images.labels[place]!, rough: true, signal };
    const explainers = able.map(({ name, explain }): [string, Explain] => [
      name,
      async model => (await explain(model, image, options)).map,
    ]);
    const told = (done: number, total: number) =>
      progress(`maps: layers forget, ${done} of ${total} times; picture ${i + 1} of ${chosen.length}`);
    cascades.push(await cascade(run.model, image, Object.fromEntries(explainers), { steps, progress: told }));
  }
  const found = able.map(({ name, title }): MethodMaps => {
    const own = cascades.map(cascaded => cascaded[name]!);
    return {
      title,
      halfway: own.map(step => halfway(step).trained),
      end: own.map(step => step.at(-1)!.trained),
      edges: own.map(step => step[0]!.edges),
    };
  });
  const [first] = Object.values(cascades[0] ?? {});
  const half = first ? forgotten(first, halfway(first)) : [];
  const example = {
    number: unseen.numbers[chosen[0]!]!,
    label: images.classes[images.labels[chosen[0]!]!]!,
    maps: able.map(({ name, signed }) => {
      const own = cascades[0]![name]!;
      return { signed, stages: [own[0]!, halfway(own), own.at(-1)!].map(({ map }) => plain(map)) };
    }),
  };
  const result = { images: chosen.length, what: unseen.what, half, methods: found, example };
  if (mapLayers(run.model).length === 0) return result;
  const byClass = async (model: typeof run.model, what: string) =>
    classMaps(model, images, {
      ...{ each: EACH, signal },
      onProgress: (done, total) => progress(`maps: Grad-CAM by class, ${what}, ${done} of ${total} pictures`),
    });
  const trained = await byClass(run.model, 'trained');
  const untrained = await byClass(await run.untrained(), 'random weights');
  const overPicture = ({ images: used, blank, map }: ClassMap): MapPicture => ({
    ...{ images: used, blank },
    ...plain(overImage(run.model, map)),
  });
  const [height, width, channels] = run.model.inputShape as [number, number, number];
  return {
    ...result,
    classes: {
      layer: defaultMapLayer(run.model),
      names: trained.map(({ class: label }) => images.classes[label]!),
      trained: trained.map(overPicture),
      untrained: untrained.map(overPicture),
      pictures: trained.map(({ picture }) => pictureOfValues(picture.values, { height, width, channels })),
    },
  };
}

const plain = ({ shape, values }: HostArray): PlainMap => ({
  shape,
  values: Array.from(values, value => Number(value.toPrecision(4))),
});

function section({ images, what, half, methods: found, example, classes }: MapsResult): Block[] {
  const kept = (similarities: readonly MapSimilarity[], part: keyof MapSimilarity) =>
    mean(similarities.map(similarity => Math.abs(similarity[part])));
  // What fails the test stands on top.
  const ranked = [...found].sort((a, b) => kept(b.halfway, 'rank') - kept(a.halfway, 'rank'));
  const shown = (similarities: readonly MapSimilarity[], part: keyof MapSimilarity) =>
    kept(similarities, part).toFixed(2);
  const which =
    images === 1
      ? `One of the ${what} was explained`
      : `${count(images)} ${what}, each of another class, were explained`;
  return [
    text(
      `${which} for their own class; then ${listing(half)} got random ` +
        'weights, then all layers. A map of what the network has learned must change with them; what stays was drawn from ' +
        'the picture. Of the correlations the signs do not count.',
    ),
    {
      kind: 'table',
      name: 'What is left of the maps',
      head: ['Method', 'Rank correlation, half random', 'all random', 'SSIM, half random', 'all random', 'with edges'],
      rows: ranked.map(({ title, halfway, end, edges }) => [
        ...[title, shown(halfway, 'rank'), shown(end, 'rank')],
        ...[shown(halfway, 'structure'), shown(end, 'structure'), shown(edges, 'structure')],
      ]),
    },
    muted(
      'Rank correlation (Spearman) over the pixels that are not black, and structural similarity, of the magnitudes of the ' +
        "maps with the trained network's; the means over the pictures. With edges: of the trained network's map with an edge " +
        "detector's (Sobel), which knows no network. To save time the methods that average do so over fewer steps.",
    ),
    ...(example ? [exampleBlock(example, found, ranked)] : []),
    ...(classes ? classBlocks(classes) : []),
  ];
}

/** A column for each method in the order of the table, a row for each stage. */
function exampleBlock(
  { number, label, maps: drawn }: NonNullable<MapsResult['example']>,
  found: readonly MethodMaps[],
  ranked: readonly MethodMaps[],
): Block {
  const columns = ranked.map(method => drawn[found.indexOf(method)]!);
  const rows = [0, 1, 2].map(stage =>
    columns.map(({ signed, stages }) => painted(stages[stage]!, signed ? 'diverging' : 'sequential')),
  );
  return sheets({
    name: 'maps-forgotten',
    picture: contactSheet(rows.flat(), { columns: columns.length, scale: EXAMPLE_SCALE, gap: 4 }),
    alt: 'A picture explained by each method, with trained, half random and random layers',
    caption:
      `Image ${number}, ${label}, by ${listing(ranked.map(({ title }) => title))}. Top: by the trained network. Middle: half of the ` +
      'layers random. Bottom: all random.',
  });
}

const painted = ({ shape, values }: PlainMap, scale: ColourMapName) =>
  paint({ shape, values: Float64Array.from(values) }, scale);

function classBlocks({ layer, names, trained, untrained, pictures }: NonNullable<MapsResult['classes']>): Block[] {
  const maps = (of: readonly MapPicture[]) => of.map(map => painted(map, 'sequential'));
  const rows = [pictures, maps(trained), maps(untrained)];
  return [
    heading(`Grad-CAM of ${layer} by class`),
    sheets({
      name: 'maps-classes',
      picture: contactSheet(rows.flat(), { columns: names.length, scale: SCALE, gap: 4 }),
      alt: 'Mean picture of each class, and mean Grad-CAM map of it by this network and by random weights',
      caption:
        `${names.join(', ')}. Top: the mean of up to ${EACH} pictures. Middle: the mean of their Grad-CAM maps, each for its ` +
        'own class. Bottom, the control: the same by random weights.',
    }),
    {
      kind: 'table',
      name: 'Where the maps lie',
      head: ['Class', 'Top third', 'Middle', 'Bottom', 'random: top', 'middle', 'bottom', 'Nothing spoke for it'],
      rows: names.map((name, i) => [
        name,
        ...[trained[i]!, untrained[i]!].flatMap(thirds).map(share => percent(share, 0)),
        `${trained[i]!.blank} of ${trained[i]!.blank + trained[i]!.images}`,
      ]),
    },
    muted(
      'Shares of the map in the thirds of the picture, from top to bottom. Each map adds up to 1 before the mean is taken. ' +
        'Its grid is coarse, and a share says where features lie, not what they are.',
    ),
  ];
}

/** What lies in each third of the rows; a row that two thirds share counts for both in proportion. */
function thirds({ shape, values }: MapPicture): number[] {
  const [rows, columns] = shape as [number, number];
  const total = values.reduce((a, b) => a + b, 0) || 1;
  return [0, 1, 2].map(third => {
    const [from, to] = [(third * rows) / 3, ((third + 1) * rows) / 3];
    const within = (row: number) => Math.max(0, Math.min(to, row + 1) - Math.max(from, row));
    return values.reduce((sum, value, i) => sum + value * within(Math.floor(i / columns)), 0) / total;
  });
}
