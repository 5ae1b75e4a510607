import { describe, expect, it } from 'vitest';
import {
  type Counts,
  expectedSeconds,
  type Protocol,
  QUICK_SECONDS,
  quickProtocol,
  type Speed,
  secondsLeft,
} from '../../../src/cli/compare/timing.ts';

const counts: Counts = { train: 55_000, validation: 5000, test: 10_000 };
const speed = (stepSeconds: number): Speed => ({
  model: 'm',
  batch: 128,
  stepSeconds,
  evaluationSeconds: stepSeconds / 128 / 3,
});

/** The cost of each of these models once a seed, as a plan adds it up. */
const costOf =
  (speeds: readonly Speed[], seeds = 1, of: Counts = counts) =>
  ({ epochs = 1, ...protocol }: Protocol) =>
    seeds * speeds.reduce((sum, one) => sum + expectedSeconds(one, { ...protocol, epochs }, of), 0);

describe('the time of a comparison', () => {
  it('adds up steps, validation and the test', () => {
    const seconds = expectedSeconds(
      { model: 'm', batch: 128, stepSeconds: 0.5, evaluationSeconds: 0.001 },
      { limit: 1281, epochs: 2 },
      counts,
    );
    // Each epoch looks at the validation images, and so does the fit of the temperature at the end.
    expect(seconds).toBeCloseTo(2 * (11 * 0.5 + 5) + 10 + 5, 9);
    // A frozen beginning is passed once by all images, by those of training once more for each copy.
    const frozen = { model: 'm', batch: 128, stepSeconds: 0, evaluationSeconds: 0, featureSeconds: 0.01 };
    const work = { limit: 1000, epochs: 9, validation: 500 };
    expect(expectedSeconds(frozen, { ...work, passes: 5 }, counts)).toBeCloseTo(50 + 5 + 100, 9);
    expect(expectedSeconds(frozen, work, counts)).toBe(0);
    // More images than there are count as all of them.
    const all = expectedSeconds(speed(1), { epochs: 1 }, counts);
    expect(expectedSeconds(speed(1), { limit: 1e9, epochs: 1 }, counts)).toBe(all);
  });

  it('takes everything where that is quick, and the largest subset that fits where it is not', () => {
    expect(quickProtocol(costOf([speed(0.001), speed(0.004)]), counts)).toEqual({ epochs: 10 });
    const slow = quickProtocol(costOf([speed(0.015), speed(0.5)]), counts);
    expect(slow).toEqual({ limit: 12_000, epochs: 10 });
    expect(costOf([speed(0.015), speed(0.5)])({ limit: 24_000, epochs: 10 })).toBeGreaterThan(QUICK_SECONDS);
  });

  it('leaves time to learn on a device where the tests alone take too long', () => {
    const slow: Speed = { ...speed(0.5), evaluationSeconds: 0.2 };
    const fixed = costOf([slow])({ limit: 600, validation: 1000, epochs: 0 });
    expect(fixed).toBeGreaterThan(2 * QUICK_SECONDS);
    const protocol = quickProtocol(costOf([slow]), counts);
    expect(protocol).toMatchObject({ limit: 600, validation: 1000 });
    const learning = costOf([slow])(protocol) - fixed;
    expect(learning).toBeLessThanOrEqual(QUICK_SECONDS / 4);
    expect(costOf([slow])({ ...protocol, epochs: protocol.epochs! + 1 }) - fixed).toBeGreaterThan(QUICK_SECONDS / 4);
  });

  it('keeps to the epochs or the images that are asked for, and chooses the rest', () => {
    const slow = [speed(0.015), speed(0.5)];
    const total = costOf(slow);
    for (const epochs of [1, 3, 20, 50]) {
      const protocol = quickProtocol(total, counts, { epochs });
      expect(protocol.epochs).toBe(epochs);
      expect(total(protocol)).toBeLessThanOrEqual(QUICK_SECONDS);
    }
    const subsets = [1, 10, 50].map(epochs => quickProtocol(total, counts, { epochs }).limit);
    expect(subsets).toEqual([undefined, 12_000, 3000]);
    const limited = quickProtocol(total, counts, { limit: 24_000 });
    expect(limited.limit).toBe(24_000);
    expect(limited.epochs).toBeLessThan(10);
    expect(total(limited)).toBeLessThanOrEqual(QUICK_SECONDS);
    // Both stand even where they take too long, and more images than there are, are all.
    expect(quickProtocol(total, counts, { limit: 60_000, epochs: 20 })).toEqual({ epochs: 20 });
    expect(quickProtocol(total, counts, { epochs: 5000 })).toMatchObject({ limit: 600, epochs: 5000 });
  });

  it('stays within twenty minutes where everything takes 30 % longer than was measured', () => {
    const measuringAndCompiling = 100;
    expect(1.3 * QUICK_SECONDS + measuringAndCompiling).toBeLessThanOrEqual(20 * 60);
  });

  it.each([0.001, 0.02, 0.1, 0.3, 0.6, 1, 2, 5])('stays within its time at %d s a step', stepSeconds => {
    const speeds = [speed(stepSeconds / 30), speed(stepSeconds)];
    for (const seeds of [1, 3]) {
      const protocol = quickProtocol(costOf(speeds, seeds), counts);
      const total = costOf(speeds, seeds)(protocol);
      // The least that can be asked for may still be too much for a hopeless device.
      if (protocol.epochs! > 1) expect(total).toBeLessThanOrEqual(QUICK_SECONDS);
      else expect(protocol).toMatchObject({ limit: 600, epochs: 1 });
    }
  });

  it('does not ask for more images than a small data set has', () => {
    const small = { ...counts, train: 500 };
    expect(quickProtocol(costOf([speed(100)], 1, small), small)).toEqual({ epochs: 1 });
  });

  it('counts validation and test in what is left of a run', () => {
    const progress = { epoch: 9, epochs: 10, secondsLeft: 7 };
    const left = secondsLeft(progress, { model: 'm', batch: 128, stepSeconds: 1, evaluationSeconds: 0.001 }, counts);
    expect(left).toBeCloseTo(7 + 2 * 5 + 10, 9);
  });

  it('watches fewer validation images and takes smaller batches where there are few to learn from', () => {
    const few = { limit: 3000, batch: 32, epochs: 10 };
    expect(quickProtocol(costOf([speed(2.5)]), counts)).toEqual({ ...few, validation: 1000 });
    const small = { ...counts, validation: 400 };
    expect(quickProtocol(costOf([speed(2.5)], 1, small), small)).toEqual(few);
  });
});
