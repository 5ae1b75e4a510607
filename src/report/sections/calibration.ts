import { charts, muted, type Section, text } from '../document.ts';
import { listing, percent, points } from '../format.ts';
import { plot } from '../plots.ts';
import { mean } from '../statistics.ts';
import type { ModelSummary } from '../summary.ts';
import type { CalibrationReport } from '../types.ts';

interface Calibrated {
  readonly model: ModelSummary;
  readonly colour: number;
  readonly reports: readonly CalibrationReport[];
}

/** Whether the models are as often right as they say. */
export function calibrationSection(models: readonly ModelSummary[]): Section | undefined {
  const calibrated = models.flatMap((model, colour): Calibrated[] => {
    const reports = model.runs.flatMap(({ test }) => (test.calibration ? [test.calibration] : []));
    return reports.length > 0 ? [{ model, colour, reports }] : [];
  });
  if (calibrated.length === 0) return undefined;
  const scaled = calibrated.filter(({ reports }) => reports.every(report => report.scaled));
  const over = (reports: readonly CalibrationReport[], value: (report: CalibrationReport) => number) =>
    mean(reports.map(value));
  return {
    title: 'How sure they are, and how rightly',
    blocks: [
      text(sentence(calibrated)),
      charts(
        reliability('Reliability', calibrated, report => report.plain.bins),
        ...(scaled.length > 0
          ? [reliability('Reliability after temperature scaling', scaled, report => report.scaled!.bins)]
          : []),
      ),
      {
        kind: 'table',
        name: 'Calibration',
        head: ['', 'mean confidence', 'accuracy', 'ECE', 'loss', 'temperature', 'ECE, scaled', 'loss, scaled'],
        rows: calibrated.map(({ model, reports }) => {
          const fitted = reports.every(report => report.scaled);
          const after = (
            text: (r: NonNullable<CalibrationReport['scaled']>) => number,
            digits: (v: number) => string,
          ) => (fitted ? digits(over(reports, report => text(report.scaled!))) : 'n/a');
          return [
            model.title,
            percent(
              over(reports, r => r.plain.confidence),
              1,
            ),
            percent(model.accuracy, 1),
            percent(
              over(reports, r => r.plain.ece),
              1,
            ),
            over(reports, r => r.plain.nll).toFixed(4),
            after(
              r => r.temperature,
              v => v.toFixed(2),
            ),
            after(
              r => r.ece,
              v => percent(v, 1),
            ),
            after(
              r => r.nll,
              v => v.toFixed(4),
            ),
          ];
        }),
        colours: calibrated.map(({ colour }) => colour),
      },
      muted(
        'ECE: expected calibration error, 15 bins of equal width; the distance between confidence and accuracy, on average over the test images. The temperature was fitted to validation images and changes no answer. Above the dotted line a model is right more often than it says.',
      ),
    ],
  };
}

function reliability(
  title: string,
  calibrated: readonly Calibrated[],
  bins: (report: CalibrationReport) => CalibrationReport['plain']['bins'],
) {
  return plot({
    title,
    x: { title: 'confidence', text: value => percent(value, 0) },
    y: value => percent(value, 0),
    lines: true,
    diagonal: true,
    // Of the first run: bins of several do not hold the same images. Few images say little of their share.
    series: calibrated.map(({ model, colour, reports }) => ({
      name: model.title,
      colour,
      points: bins(reports[0]!)
        .filter(({ count }) => count >= FEWEST)
        .map(({ confidence, accuracy }) => ({ x: confidence, y: accuracy })),
    })),
  });
}

/** Images that a bin needs to be drawn. */
const FEWEST = 20;

function sentence(calibrated: readonly Calibrated[]): string {
  const parts = calibrated.map(({ model, reports }) => {
    const gap = mean(reports.map(({ plain }) => plain.confidence)) - model.accuracy;
    return `the ${model.title} is ${points(Math.abs(gap))} too ${gap > 0 ? 'sure' : 'unsure'}`;
  });
  const average = `Measured by mean confidence less accuracy, ${listing(parts)}.`;
  if (calibrated.length < 2) return average;
  const best = [...calibrated].sort((a, b) => ece(a) - ece(b))[0]!;
  return `${average} Best calibrated as it comes is the ${best.model.title} (ECE ${percent(ece(best), 1)}).`;
}

const ece = ({ reports }: Calibrated) => mean(reports.map(({ plain }) => plain.ece));
