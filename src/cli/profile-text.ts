import type { DispatchNote } from '../gpu/dispatch.ts';
import { isSameCall, type ProfileLine, shortenShape } from '../tensor/step-profile.ts';
import { type Column, formatBytes, table } from './output.ts';
import type { Profile, StepReport } from './profile.ts';

const right = (title: string): Column => ({ title, align: 'right' });
const number = (value: number) => (Number.isFinite(value) && value > 0 ? value.toPrecision(3) : '');

/** The step before anything of it has run: equal neighbours (slices, tiles of one call) in one line. */
export function describePlan(report: StepReport): string {
  const lines = mergeNeighbours(report.dispatches);
  const columns = [right('dispatches'), { title: 'kernel' }, { title: 'variant' }, { title: 'shape' }, right('MFLOP')];
  const rows = lines.map(({ note, count, flops }) => [
    ...[String(count), note.kernel, note.variant, shortenShape(note.shape), number(flops / 1e6)],
  ]);
  return [title(report), table(columns, rows), summary(report)].join('\n');
}

/** Equal neighbours, slices and tiles of one call, as one with their number. */
export function mergeNeighbours(dispatches: readonly DispatchNote[]) {
  const lines: { note: DispatchNote; count: number; flops: number }[] = [];
  for (const note of dispatches) {
    const last = lines[lines.length - 1];
    if (last && isSameCall(last.note, note)) {
      last.count++;
      last.flops += note.flops;
    } else lines.push({ note, count: 1, flops: note.flops });
  }
  return lines;
}

/** The step with the times of its dispatches. */
export function describeProfile(profile: Profile): string {
  const { dispatches, sum, step, host, repeats, flops, deviceBytes } = profile;
  const columns = [
    ...[right('#'), { title: 'kernel' }, { title: 'variant' }, { title: 'shape' }],
    ...[right('ms'), right('GFLOP/s'), right('GB/s'), right('share')],
  ];
  const row = (d: ProfileLine, i: number) => [
    ...[String(i + 1), d.kernel, d.variant, shortenShape(d.shape), d.milliseconds.toFixed(3)],
    ...[number(d.gflopsPerSecond), number(d.gigabytesPerSecond), `${(100 * d.share).toFixed(1)} %`],
  ];
  return [
    title(profile),
    table(columns, dispatches.map(row)),
    summary(profile),
    `one by one: ${sum.toFixed(2)} ms; the step as training runs it: ${step.toFixed(2)} ms, ${(flops / step / 1e6).toPrecision(3)} GFLOP/s (medians of ${repeats})`,
    `host time a step: ${host.toFixed(3)} ms of the main thread until it is submitted`,
    `all on the device: ${formatBytes(deviceBytes)}`,
  ].join('\n');
}

function title({ model, inputShape, batch, adapter, unsliced }: StepReport): string {
  const what = `${model}, ${inputShape.join(' x ')}, batch ${batch}`;
  return `${what}, on ${adapter.device} (${adapter.driver})${unsliced ? ', planned as for a GPU' : ''}`;
}

function summary({ dispatches, prepared, flops, memory, parameters, trained }: StepReport): string {
  const { peak, live } = memory;
  const once = prepared > 0 ? `, and ${prepared} once before the first` : '';
  return [
    `${dispatches.length} dispatches a step${once}; ${(flops / 1e9).toPrecision(3)} GFLOP; ${trained} of ${parameters} parameters are trained`,
    `intermediates: ${formatBytes(peak)} planned, ${formatBytes(live)} alive at once, ratio ${(peak / live).toFixed(2)}`,
  ].join('\n');
}
