import { GpuDataset } from '../../data/gpu-dataset.ts';
import { describeReduction, PIXELS } from '../../study/features.ts';
import { type LayerProbe, probeLayers } from '../../study/probe.ts';
import { barChart } from '../charts.ts';
import { type Block, charts, muted, text } from '../document.ts';
import { count, percent, points } from '../format.ts';
import { wilson } from '../statistics.ts';
import type { Study, Subject } from './study.ts';

interface ProbeResult {
  /** Images that each probe learned from, and that it was judged by. */
  readonly train: number;
  readonly judged: number;
  readonly layers: readonly LayerProbe[];
  /** The same layers before training, with random weights. */
  readonly untrained: readonly LayerProbe[];
}

/** How far each layer has got: what a linear function of its output can tell of the classes. */
export const probe: Study<ProbeResult> = {
  name: 'probe',
  title: 'What a linear probe reads from each layer',
  describe: 'how well a linear classifier on each layer does, beside the pixels, random weights and shuffled labels',
  run: study,
  section,
};

async function study({ engine, run, seen, unseen, signal, progress }: Subject): Promise<ProbeResult> {
  using train = new GpuDataset(engine, seen.images);
  using validation = new GpuDataset(engine, unseen.images);
  const probesOf = (model: typeof run.model, what: string) =>
    probeLayers(model, train, validation, {
      signal,
      onLayer: (done, total) => progress(`probe: ${what}, layer ${done} of ${total}`),
    });
  const layers = await probesOf(run.model, 'trained');
  const untrained = await probesOf(await run.untrained(), 'untrained');
  return { train: train.count, judged: validation.count - Math.floor(validation.count / 2), layers, untrained };
}

function section({ train, judged, layers, untrained }: ProbeResult): Block[] {
  const names = layers.map(({ layer }) => layer);
  const best = [...layers].sort((a, b) => b.accuracy - a.accuracy)[0]!;
  const pixels = layers.find(({ layer }) => layer === PIXELS);
  const { low, high } = wilson(Math.round(best.accuracy * judged), judged);
  const reduced = layers.filter(({ reduction }) => reduction.kind !== 'none');
  return [
    text(
      `A linear classifier was trained on the output of each layer. Most can be read from ${best.layer}: ` +
        `${percent(best.accuracy, 1)}${pixels ? `, from the pixels ${percent(pixels.accuracy, 1)}` : ''}.`,
    ),
    charts(
      barChart({
        title: 'Accuracy of a linear probe',
        groups: names,
        series: [
          { name: 'this network', colour: 0, values: layers.map(({ accuracy }) => accuracy) },
          { name: 'random weights', colour: 1, values: untrained.map(({ accuracy }) => accuracy) },
          { name: 'shuffled labels', colour: 2, values: layers.map(({ shuffledAccuracy }) => shuffledAccuracy) },
        ],
      }),
    ),
    {
      kind: 'table',
      name: 'Linear probes',
      head: ['Layer', 'Features', 'Accuracy', 'On its own images', 'Random weights', 'Shuffled labels', 'L2'],
      rows: layers.map((found, i) => [
        found.layer,
        [count(found.width), describeReduction(found.reduction)].filter(part => part !== '').join(', '),
        percent(found.accuracy, 1),
        percent(found.trainAccuracy, 1),
        percent(untrained[i]?.accuracy, 1),
        percent(found.shuffledAccuracy, 1),
        String(found.l2),
      ]),
    },
    muted(
      `Each probe learned from ${count(train)} images that the network was trained on too; of images held back, half ` +
        `chose its L2 penalty and the other ${count(judged)} judged it, by which an accuracy is known to about ` +
        `${points((high - low) / 2)}. Controls: the same layers with random weights, and the same probe trained on ` +
        `shuffled labels, which should do no better than chance.${
          reduced.length > 0
            ? ' Layers with more features than a probe gets were made narrower, as the table says.'
            : ''
        }`,
    ),
  ];
}
