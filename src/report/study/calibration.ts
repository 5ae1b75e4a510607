import { GpuDataset } from '../../data/gpu-dataset.ts';
import { stratifiedSplit } from '../../data/split.ts';
import {
  type Calibration,
  calibration as calibrate,
  chanceCalibrationError,
  fitTemperature,
} from '../../study/calibration.ts';
import { Evaluator } from '../../train/evaluate.ts';
import { type Block, charts, muted, text } from '../document.ts';
import { count, percent } from '../format.ts';
import { plot } from '../plots.ts';
import type { Study, Subject } from './study.ts';

interface CalibrationResult {
  /** Images that it was measured on; as many others gave the temperature. */
  readonly images: number;
  readonly what: string;
  readonly accuracy: number;
  readonly plain: Measured;
  readonly temperature: number;
  readonly scaled: Measured;
}

interface Measured extends Calibration {
  /** Control: the error that a perfectly calibrated model with these probabilities would show on so few images. */
  readonly chance: number;
}

/** Whether it is as often right as it says. */
export const calibration: Study<CalibrationResult> = {
  name: 'calibration',
  title: 'How sure it is, and how rightly',
  describe: 'confidence against accuracy, before and after temperature scaling, beside what chance alone would show',
  unfit: ({ unseen }) => (unseen.images.count < 20 ? 'it needs at least 20 images' : undefined),
  run: study,
  section,
};

async function study({ engine, run, unseen, signal }: Subject): Promise<CalibrationResult> {
  using data = new GpuDataset(engine, unseen.images);
  using evaluator = await Evaluator.compile(run.model, data);
  const halves = stratifiedSplit(data.labels, Math.floor(data.count / 2), 1);
  const [fitting, held] = [await evaluator.run(halves.validation, signal), await evaluator.run(halves.train, signal)];
  const classes = run.model.outputShape[0]!;
  const temperature = fitTemperature(fitting.logits, fitting.labels, classes);
  const measure = (at: number): Measured => ({
    ...calibrate(held.logits, held.labels, classes, at),
    chance: chanceCalibrationError(held.logits, classes, { temperature: at }),
  });
  const { accuracy, labels } = held;
  return {
    images: labels.length,
    what: unseen.what,
    accuracy,
    plain: measure(1),
    temperature,
    scaled: measure(temperature),
  };
}

/** Images that a bin needs to be drawn: few say little of their share. */
const FEWEST = 5;

function section({ images, what, accuracy, plain, temperature, scaled }: CalibrationResult): Block[] {
  const gap = plain.confidence - accuracy;
  const found = plain.ece > 1.5 * plain.chance;
  const row = (name: string, { confidence, ece, chance, nll, brier }: Measured) => [
    ...[name, percent(confidence, 1), percent(accuracy, 1), percent(ece, 1), percent(chance, 1)],
    ...[nll.toFixed(4), brier.toFixed(4)],
  ];
  return [
    text(
      `It is right in ${percent(accuracy, 1)} of the images and sure of ${percent(plain.confidence, 1)} on average: ` +
        `${percent(Math.abs(gap), 1)} too ${gap > 0 ? 'sure' : 'unsure'}. ${
          found
            ? 'Its expected calibration error is more than chance would make of so few images.'
            : 'Its expected calibration error is about what chance alone would make of so few images.'
        }`,
    ),
    charts(
      plot({
        title: 'Reliability',
        x: { title: 'confidence', text: value => percent(value, 0) },
        y: value => percent(value, 0),
        lines: true,
        diagonal: true,
        series: [
          { name: 'as it is', ...plain },
          { name: `temperature ${temperature.toFixed(2)}`, ...scaled },
        ].map(({ name, bins }, colour) => ({
          ...{ name, colour },
          points: bins.filter(bin => bin.count >= FEWEST).map(bin => ({ x: bin.confidence, y: bin.accuracy })),
        })),
      }),
    ),
    {
      kind: 'table',
      name: 'Calibration',
      head: ['', 'Mean confidence', 'Accuracy', 'ECE', 'ECE by chance', 'Loss', 'Brier score'],
      rows: [row('as it is', plain), row(`temperature ${temperature.toFixed(2)}`, scaled)],
    },
    muted(
      `On ${count(images)} ${what}; the temperature was fitted to as many others. ECE: expected calibration error, the ` +
        'distance between confidence and accuracy in 15 bins, on average over the images. Control: the ECE of labels that ' +
        "are drawn from the network's own probabilities, which is that of perfect calibration on as many images.",
    ),
  ];
}
