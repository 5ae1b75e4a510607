import { describe, expect, it } from 'vitest';
import { COLOURS, coloursOf, groupsOf, orderOf } from '../../lab/page/tabs/kernels/groups.ts';
import type { StepList } from '../../lab/worker/step-list.ts';

const row = (kernel: string, flops: number, layer?: string) => ({
  ...{ kernel, variant: 'plain', shape: '', flops, bytes: 8, workgroups: [1, 1, 1] as const, code: '' },
  ...(layer && { layer }),
});
const list: StepList = {
  ...{ batch: 4, prepared: 0, memory: 0 },
  rows: [row('gather', 0), row('conv', 10, 'a'), row('conv', 60, 'b'), row('grad', 20, 'b'), row('adam', 10)],
};

describe('dispatches in groups', () => {
  it('by layer, the heaviest first, with what belongs to none', () => {
    const groups = groupsOf(list, 'layer', undefined);
    expect(groups).toEqual([
      { name: 'b', places: [2, 3], share: 0.8 },
      { name: 'around the layers', places: [0, 4], share: 0.1 },
      { name: 'a', places: [1], share: 0.1 },
    ]);
    expect(orderOf(list, 'layer', groups)).toEqual([2, 3, 0, 4, 1]);
  });

  it('by kernel; as it runs they keep their order', () => {
    const groups = groupsOf(list, 'order', undefined);
    expect(groups.map(({ name }) => name)).toEqual(['conv', 'grad', 'adam', 'gather']);
    expect(orderOf(list, 'order', groups)).toEqual([0, 1, 2, 3, 4]);
    expect(coloursOf(groups).get(2)).toBe(0);
  });

  it('by times once these are known', () => {
    const lines = list.rows.map((one, i) => ({
      ...{ ...one, milliseconds: i === 4 ? 6 : 1, share: 0 },
      ...{ gflopsPerSecond: 0, gigabytesPerSecond: 0 },
    }));
    const [first] = groupsOf(list, 'kernel', { lines, sum: 10, step: 9, timestamps: true });
    expect(first).toEqual({ name: 'adam', places: [4], share: 0.6 });
  });

  it('share one colour where there are more groups than colours', () => {
    const many = { ...list, rows: Array.from({ length: 12 }, (_, i) => row(`k${i}`, 100 - i)) };
    const colours = coloursOf(groupsOf(many, 'kernel', undefined));
    expect(Array.from(colours.values())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, COLOURS, COLOURS, COLOURS, COLOURS]);
  });
});
