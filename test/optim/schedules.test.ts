import { describe, expect, it } from 'vitest';
import { constant, cosine, makeSchedule, oneCycle, type Schedule, stepDecay, warmUp } from '../../src/optim/index.ts';
import { ValueError } from '../../src/platform/errors.ts';

const rates = (schedule: Schedule, steps: number) => Array.from({ length: steps }, (_, i) => schedule(i + 1));

describe('schedules', () => {
  it('constant is constant', () => {
    expect(rates(constant(0.3), 3)).toEqual([0.3, 0.3, 0.3]);
  });

  it('stepDecay falls after each period', () => {
    expect(rates(stepDecay({ rate: 8, every: 2, factor: 0.5 }), 7)).toEqual([8, 8, 4, 4, 2, 2, 1]);
  });

  it('cosine goes from the rate through the middle to the floor and stays there', () => {
    const schedule = cosine({ rate: 1, steps: 100, floor: 0.2 });
    expect(schedule(1)).toBe(1);
    expect(schedule(51)).toBeCloseTo(0.6, 12);
    expect(schedule(26)).toBeCloseTo(0.2 + 0.8 * 0.5 * (1 + Math.SQRT1_2), 12);
    expect(schedule(101)).toBeCloseTo(0.2, 12);
    expect(schedule(1000)).toBeCloseTo(0.2, 12);
  });

  it('oneCycle rises for 3 steps of 10 and falls for 7, along half a cosine each', () => {
    const all = rates(oneCycle({ peak: 1, steps: 10 }), 10);
    const [start, end] = [1 / 25, 1 / 25 / 1e4];
    expect(all[0]).toBeCloseTo(start, 12);
    expect(all[1]).toBeCloseTo((start + 1) / 2, 12);
    expect(all[2]).toBe(1);
    for (let done = 3; done < 10; done++) {
      expect(all[done]).toBeCloseTo(end + ((1 - end) * (1 + Math.cos((Math.PI * (done - 2)) / 7))) / 2, 12);
    }
    expect(all[9]).toBeCloseTo(end, 12);
  });

  it('oneCycle without a rise only falls', () => {
    const all = rates(oneCycle({ peak: 2, steps: 20, rise: 0 }), 20);
    expect(all[0]).toBe(2);
    for (let i = 1; i < all.length; i++) expect(all[i]).toBeLessThan(all[i - 1]!);
  });

  it('warmUp rises in equal parts to where the schedule begins', () => {
    const schedule = warmUp(stepDecay({ rate: 4, every: 1, factor: 0.5 }), 3);
    expect(rates(schedule, 6)).toEqual([1, 2, 3, 4, 2, 1]);
    expect(rates(warmUp(constant(5), 0), 2)).toEqual([5, 5]);
  });

  it('settings name them, with the warm-up as part of the run', () => {
    expect(rates(makeSchedule({ schedule: 'cosine', learningRate: 0.1 }, 10), 1)).toEqual([0.1]);
    expect(makeSchedule({ schedule: 'cosine', learningRate: 0.1 }, 10)(6)).toBeCloseTo(0.05, 12);
    expect(makeSchedule({ schedule: 'step', learningRate: 1 }, 6)(5)).toBeCloseTo(0.01, 12);
    expect(Math.max(...rates(makeSchedule({ schedule: 'onecycle', learningRate: 0.2 }, 50), 50))).toBeCloseTo(0.2, 12);
    const warm = makeSchedule({ schedule: 'step', learningRate: 4, warmUpSteps: 2 }, 8);
    expect(rates(warm, 5).map(rate => Number(rate.toFixed(9)))).toEqual([1.333333333, 2.666666667, 4, 4, 0.4]);
    expect(() => makeSchedule({ schedule: 'linear' as 'step', learningRate: 1 }, 5)).toThrow(/'linear'.*onecycle/);
  });

  it('refuse settings that make no sense, by name', () => {
    expect(() => constant(0)).toThrow(ValueError);
    expect(() => stepDecay({ rate: 1, every: 0 })).toThrow(/every is 0/);
    expect(() => cosine({ rate: 1, steps: 10, floor: 2 })).toThrow(/floor is 2/);
    expect(() => oneCycle({ peak: 1, steps: 1 })).toThrow(/steps is 1/);
    expect(() => oneCycle({ peak: 1, steps: 10, rise: 1 })).toThrow(/rise is 1/);
    expect(() => warmUp(constant(1), 1.5)).toThrow(/steps is 1.5/);
  });
});
