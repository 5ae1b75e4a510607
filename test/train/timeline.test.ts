import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/platform/errors.ts';
import { type Moment, Timeline } from '../../src/train/timeline.ts';

/** A moment of 400 bytes of its own, and 400 that all of a timeline share. */
const shared = new Float32Array(100);
const moment = (step: number): Moment => ({ step, arrays: { parameters: new Float32Array(100).fill(step), shared } });

/** A timeline of a training of so many steps. */
function train(steps: number, budget: number, every: number): Timeline {
  const timeline = new Timeline([moment(0)], { budget, every });
  for (let step = 1; step <= steps; step++) if (timeline.wants(step)) timeline.add(moment(step));
  return timeline;
}

describe('the timeline', () => {
  it('keeps every moment at its distance while there is room, and counts what they share once', () => {
    const timeline = train(40, 4000, 8);
    expect(timeline.steps).toEqual([0, 8, 16, 24, 32, 40]);
    expect(timeline.bytes).toBe(7 * 400);
  });

  it('doubles the distance when the budget is used up, and keeps the start', () => {
    expect(train(15, 400 * 6, 1).steps).toEqual([0, 4, 8, 12]);
    expect(train(15, 400 * 6, 1).every).toBe(4);
    for (const budget of [400 * 2, 400 * 3, 400 * 9, 400 * 20]) {
      const timeline = train(1000, budget, 3);
      expect(timeline.bytes).toBeLessThanOrEqual(budget);
      expect(timeline.start).toBe(0);
      // Nothing is further from the moment to start from than one distance; half of the room is used at least.
      const gaps = timeline.steps.map((step, i) => (timeline.steps[i + 1] ?? 1000) - step);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(timeline.every);
      const room = Math.floor(budget / 400) - 1;
      expect(timeline.steps.length).toBeGreaterThanOrEqual(Math.floor(room / 2));
    }
  });

  it('keeps the first moment however small the budget', () => {
    expect(train(100, 0, 5).steps).toEqual([0]);
  });

  it('finds the last moment before a step', () => {
    const timeline = train(40, 4000, 8);
    expect(timeline.before(7).step).toBe(0);
    expect(timeline.before(8).step).toBe(8);
    expect(timeline.before(1000).step).toBe(40);
    expect(() => new Timeline([moment(16)], { budget: 0, every: 1 }).before(15)).toThrow(ValueError);
  });

  it('makes a smaller copy of itself', () => {
    const timeline = train(40, 4000, 8);
    expect(timeline.within(400 * 4).steps).toEqual([0, 16, 32]);
    expect(timeline.within(0).steps).toEqual([0]);
    expect(timeline.steps).toHaveLength(6);
  });

  it('forgets what comes after a step, or before', () => {
    const timeline = train(40, 4000, 8);
    const fork = timeline.fork(20);
    expect(fork.steps).toEqual([0, 8, 16]);
    fork.add(moment(24));
    expect(timeline.before(24).arrays).not.toBe(fork.before(24).arrays);
    expect(timeline.before(16).arrays).toBe(fork.before(16).arrays);
    timeline.cut(16);
    expect(timeline.steps).toEqual([0, 8, 16]);
    timeline.startAt(15);
    expect(timeline.steps).toEqual([8]);
    expect(timeline.wants(16)).toBe(true);
  });

  it('refuses a budget or a distance that cannot be', () => {
    for (const options of [
      { budget: -1, every: 1 },
      { budget: Number.NaN, every: 1 },
      { budget: 1, every: 0 },
    ]) {
      expect(() => new Timeline([moment(0)], options)).toThrow(ValueError);
    }
    expect(() => new Timeline([], { budget: 1, every: 1 })).toThrow(/begins with a moment/);
  });
});
