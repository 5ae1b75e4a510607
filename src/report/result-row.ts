import { count, duration, magnitude, percent, points } from './format.ts';
import type { ModelSummary } from './summary.ts';

/** Headings of the table of results, in the terminal and in Markdown. */
export const RESULT_COLUMNS = [
  'Model',
  'Test accuracy',
  'Test loss',
  'Parameters',
  'FLOPs an image',
  'Training time',
  'Images/s',
  'Seeds',
] as const;

/** One model's cells under these headings. */
export function resultRow(m: ModelSummary): string[] {
  return [
    m.title,
    accuracyText(m),
    m.loss.toFixed(4),
    count(m.parameters),
    magnitude(m.flopsPerImage),
    duration(m.seconds),
    count(m.imagesPerSecond),
    m.runs.map(run => run.seed).join(', '),
  ];
}

/** With the 95 % interval of a single run, or the standard deviation of several. */
function accuracyText(m: ModelSummary): string {
  if (m.interval)
    return `${percent(m.accuracy)} (${(100 * m.interval.low).toFixed(1)} to ${(100 * m.interval.high).toFixed(1)})`;
  return `${percent(m.accuracy)} (± ${points(m.deviation ?? 0, 2)}, sd of ${m.runs.length})`;
}
