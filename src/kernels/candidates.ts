import type { Capabilities } from '../gpu/capabilities.ts';
import { mayChoose } from './choose.ts';
import type { KernelSpec, Params, Trade, Variant } from './spec.ts';

// What a tuner times for a call, and what it makes of the times. No device in here: both are plain functions.

/** A variant expected at less than this share of the favourite's speed is not worth timing. Estimates are often off by half. */
const WORTH_TIMING = 0.4;

/**
 * The variants worth timing for a call, in the order of the ladder: those that can compute it, without the ones that the
 * estimates (`Variant.speed`) put far behind. The favourite and the runner-up are always among them.
 */
export function candidates<P extends Params>(
  spec: KernelSpec<P>,
  p: P,
  caps: Capabilities,
  allow: readonly Trade[] = [],
): Variant<P>[] {
  const possible = spec.variants
    .filter(variant => mayChoose(variant, p, caps, allow))
    .map(variant => ({ variant, speed: variant.speed(p, caps) }));
  const speeds = possible.map(({ speed }) => speed).sort((a, b) => b - a);
  const least = Math.min(WORTH_TIMING * (speeds[0] ?? 0), speeds[1] ?? Number.NEGATIVE_INFINITY);
  return possible.filter(({ speed }) => speed >= least).map(({ variant }) => variant);
}

/** Milliseconds of one variant, round by round. */
export interface Timed {
  readonly variant: string;
  readonly milliseconds: readonly number[];
}

/** Medians this close are a tie, whatever the spread: the next host would turn them round. */
const TIE = 0.04;
/** Medians this close are a tie when the middle halves of their samples overlap. */
const NOISY_TIE = 0.1;

/**
 * The variant to use, from times in the order of the ladder: the simplest of those that are as fast as the fastest, as
 * far as the samples can tell. Undefined when nothing was timed.
 */
export function chooseMeasured(timed: readonly Timed[]): string | undefined {
  const spreads = timed
    .filter(({ milliseconds }) => milliseconds.length > 0)
    .map(({ variant, milliseconds }) => ({ variant, ...spread(milliseconds) }));
  const best = spreads.reduce<(typeof spreads)[number] | undefined>(
    (fastest, one) => (fastest && fastest.median <= one.median ? fastest : one),
    undefined,
  );
  if (!best) return undefined;
  const ties = ({ median, low }: { median: number; low: number }) =>
    median <= best.median * (1 + TIE) || (median <= best.median * (1 + NOISY_TIE) && low <= best.high);
  return spreads.find(ties)!.variant;
}

/** Median and quartiles, by linear interpolation between samples. */
export function spread(samples: readonly number[]): { low: number; median: number; high: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
    return a + (b - a) * (place - below);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}
