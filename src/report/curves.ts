import type { EpochMetrics } from '../train/events.ts';
import { type Chart, lineChart, type Series } from './charts.ts';
import { percent } from './format.ts';
import { standalone } from './svg.ts';

/** One trained model's metrics under the name they shall have in a chart. */
export interface Curve {
  readonly name: string;
  readonly epochs: readonly EpochMetrics[];
}

type Value = (metrics: EpochMetrics) => number | undefined;

function series(curves: readonly Curve[], training: Value, validation: Value): Series[] {
  return curves.flatMap(({ name, epochs }, colour) => {
    const points = (value: Value) => epochs.map(m => [m.epoch, value(m) ?? Number.NaN] as const);
    const held = epochs.some(m => validation(m) !== undefined);
    const trained = { name: `${name} training`, colour, dashed: held, points: points(training) };
    return held ? [{ name: `${name} validation`, colour, points: points(validation) }, trained] : [trained];
  });
}

/** Cross-entropy over the epochs; validation as a line, training in dots. */
export function lossChart(curves: readonly Curve[], title = 'Loss'): Chart {
  return lineChart({
    title,
    x: 'epoch',
    y: value => String(value),
    include: [0],
    series: series(
      curves,
      m => m.loss,
      m => m.valLoss,
    ),
  });
}

/** Share of right answers over the epochs. */
export function accuracyChart(curves: readonly Curve[], title = 'Accuracy'): Chart {
  return lineChart({
    title,
    x: 'epoch',
    y: value => percent(value, Number.isInteger(Math.round(value * 1e6) / 1e4) ? 0 : 1),
    bounds: [0, 1],
    series: series(
      curves,
      m => m.accuracy,
      m => m.valAccuracy,
    ),
  });
}

/** The text of a `curves.svg`: loss and accuracy side by side, in colours for a light or a dark ground. */
export function curvesSvg(title: string, curves: readonly Curve[]): string {
  return standalone(title, [lossChart(curves), accuracyChart(curves)], 2);
}
