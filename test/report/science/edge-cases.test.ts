import { describe, expect, it } from 'vitest';
import { edgeCases } from '../../../src/report/science/edge-cases.ts';

describe('edge cases', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const labels = bytes(0, 1, 2, 0, 1);
  // Image by image: all wrong alike; all wrong, not alike; only A with both seeds; only A with one of them; only B.
  const a = [bytes(1, 0, 2, 0, 0), bytes(1, 2, 2, 1, 0)];
  const b = [bytes(1, 0, 0, 1, 1)];

  it('counts an image as one model’s own only when every seed of it agrees and no other model has it', () => {
    expect(edgeCases([a, b], labels)).toEqual({ nobody: [0, 1], agreed: [0], onlyOne: [[2], [4]] });
  });

  it('knows no "only one" among one', () => {
    expect(edgeCases([a], labels)).toEqual({ nobody: [0, 1, 4], agreed: [0, 4], onlyOne: [[]] });
    expect(edgeCases([], labels)).toEqual({ nobody: [], agreed: [], onlyOne: [] });
  });

  it('refuses runs on other images', () => {
    expect(() => edgeCases([[bytes(1)]], labels)).toThrow(/5 images, but a model with answers to 1/);
    expect(() => edgeCases([[]], labels)).toThrow(/answers to 0/);
  });
});
