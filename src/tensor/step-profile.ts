import type { DispatchNote } from '../gpu/dispatch.ts';
import type { ProfiledDispatch } from './compile.ts';

/** One dispatch of a step, with its share of the sum. */
export interface ProfileLine extends ProfiledDispatch {
  /** Of the whole call, where a call takes several dispatches (slices, a second pass): work is counted by the call. */
  readonly gflopsPerSecond: number;
  readonly gigabytesPerSecond: number;
  /** Of the sum of all dispatches, 0 to 1. */
  readonly share: number;
}

/** Speeds and shares of all dispatches of a step. Neighbours of one kernel, variant and shape are one call. */
export function withSpeeds(dispatches: readonly ProfiledDispatch[]): ProfileLine[] {
  const sum = dispatches.reduce((total, { milliseconds }) => total + milliseconds, 0);
  const calls: ProfiledDispatch[][] = [];
  for (const dispatch of dispatches) {
    const call = calls[calls.length - 1];
    if (call && isSameCall(call[0]!, dispatch)) call.push(dispatch);
    else calls.push([dispatch]);
  }
  return calls.flatMap(call => {
    const total = (of: 'flops' | 'bytes' | 'milliseconds') => call.reduce((all, dispatch) => all + dispatch[of], 0);
    const speed = (of: 'flops' | 'bytes') => total(of) / total('milliseconds') / 1e6;
    const speeds = { gflopsPerSecond: speed('flops'), gigabytesPerSecond: speed('bytes') };
    return call.map(dispatch => ({ ...dispatch, ...speeds, share: dispatch.milliseconds / sum }));
  });
}

/** Whether two neighbours are slices, tiles or passes of one call. */
export function isSameCall(a: DispatchNote, b: DispatchNote): boolean {
  return a.kernel === b.kernel && a.variant === b.variant && a.shape === b.shape;
}

/** The parameters that differ from 0 and 1 say what a call is. */
export function shortenShape(shape: string): string {
  const parts = shape.split(' ').filter(part => !/=[01]$/.test(part));
  const text = parts.join(' ');
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
