import { charts, muted, type Section } from '../document.ts';
import { duration, magnitude, percent } from '../format.ts';
import { type Plot, plot } from '../plots.ts';
import type { ModelSummary } from '../summary.ts';

/** Seconds, minutes, hours and days, as clocks and calendars are read. */
const TIMES = [1, 3, 10, 30, ...[1, 3, 10, 30].map(m => 60 * m), ...[1, 3, 8, 24, 72, 240].map(h => 3600 * h)];

/** 1800 -> '30 min'; of exact ones no '30.0 s'. */
const shortTime = (seconds: number) => (Number.isInteger(seconds) && seconds < 60 ? `${seconds} s` : duration(seconds));

/** Accuracy against what it costs. The numbers stand in the table of results. */
export function costSection(models: readonly ModelSummary[]): Section | undefined {
  if (models.length < 2) return undefined;
  const against = (title: string, value: (m: ModelSummary) => number, x: Plot['x']) =>
    plot(accuracyPlot(models, `Accuracy and ${title}`, value, { ...x, log: true }));
  const bars = models.every(m => m.interval) ? '95 % intervals over the test images' : 'the range of the seeds';
  return {
    title: 'Accuracy and what it costs',
    blocks: [
      charts(
        against('parameters', m => m.parameters, { title: 'parameters', text: magnitude }),
        against('arithmetic', m => m.flopsPerImage, {
          title: 'floating-point operations an image, forward',
          text: magnitude,
        }),
        against('training time', m => m.seconds, { title: 'training time', text: shortTime, ticks: TIMES }),
      ),
      muted(`Each step of an axis to the right costs a factor. Bars are ${bars}.`),
    ],
  };
}

function accuracyPlot(
  models: readonly ModelSummary[],
  title: string,
  value: (m: ModelSummary) => number,
  x: Plot['x'],
): Plot {
  return {
    ...{ title, x, lines: false },
    y: share => percent(share, 1),
    series: models.map((m, colour) => ({
      name: m.title,
      colour,
      points: [{ x: value(m), y: m.accuracy, ...spread(m) }],
    })),
  };
}

/** Over images for one run, over seeds for several. */
export function spread({ interval, accuracies }: ModelSummary): { readonly low: number; readonly high: number } {
  return interval ?? { low: Math.min(...accuracies), high: Math.max(...accuracies) };
}
