import { describe, expect, it } from 'vitest';
import { findAugmentation } from '../../src/data/augmentation.ts';
import { allCorruptions, CORRUPTION_KINDS, corrupt, describeCorruption, seenIn } from '../../src/data/corruptions.ts';
import { noise } from '../../src/data/noise.ts';

const pictures = noise([11, 11, 1], 40);
const one = (data: { images: Uint8Array }, i: number) => data.images.subarray(i * 121, (i + 1) * 121);
const difference = (a: Uint8Array, b: Uint8Array) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0);

describe('corruptions', () => {
  it('are the same for the same seed whatever stands beside a picture, and others for another', () => {
    const first = { ...pictures, images: pictures.images.slice(0, 3 * 121), count: 3 };
    for (const corruption of allCorruptions) {
      const all = corrupt(pictures, corruption, 1);
      expect(corrupt(first, corruption, 1).images).toEqual(all.images.slice(0, 3 * 121));
      expect(all.labels).toBe(pictures.labels);
      if (corruption.kind !== 'contrast') expect(corrupt(pictures, corruption, 2).images).not.toEqual(all.images);
      expect(all.images).not.toEqual(pictures.images);
    }
  });

  it('a strength of nothing changes nothing', () => {
    for (const kind of CORRUPTION_KINDS) {
      expect(corrupt(pictures, { kind, strength: kind === 'contrast' ? 1 : 0 }, 1).images).toEqual(pictures.images);
    }
  });

  it('a shift moves a picture by whole pixels, and every one of them', () => {
    const moved = corrupt(pictures, { kind: 'shift', strength: 2 }, 1);
    const seen = new Set<string>();
    for (let i = 0; i < pictures.count; i++) {
      const from = one(pictures, i);
      const places = [-2, 0, 2].flatMap(down => [-2, 0, 2].map(right => [down, right] as const));
      const fits = places.filter(([down, right]) =>
        one(moved, i).every((value, p) => {
          const [y, x] = [Math.floor(p / 11) - down, (p % 11) - right];
          return value === (y < 0 || x < 0 || y > 10 || x > 10 ? 0 : from[y * 11 + x]);
        }),
      );
      expect(fits).toHaveLength(1);
      expect(fits[0]).not.toEqual([0, 0]);
      seen.add(String(fits[0]));
    }
    expect(seen.size).toBe(8);
  });

  it('a rotation by 90 degrees is a transposition, either way', () => {
    const turned = corrupt(pictures, { kind: 'rotation', strength: 90 }, 1);
    for (let i = 0; i < 8; i++) {
      const from = one(pictures, i);
      const [left, right] = [
        from.map((_, p) => from[(p % 11) * 11 + 10 - Math.floor(p / 11)]!),
        from.map((_, p) => from[(10 - (p % 11)) * 11 + Math.floor(p / 11)]!),
      ];
      expect(Math.min(difference(one(turned, i), left), difference(one(turned, i), right))).toBe(0);
    }
  });

  it('noise has the spread it names, contrast the mean it had', () => {
    const grey = { ...pictures, images: new Uint8Array(pictures.images.length).fill(128) };
    const { images } = corrupt(grey, { kind: 'noise', strength: 0.1 }, 1);
    const centre = images.reduce((a, b) => a + b, 0) / images.length;
    const spread = Math.sqrt(images.reduce((sum, value) => sum + (value - centre) ** 2, 0) / images.length);
    expect(centre).toBeCloseTo(128, -1);
    expect(spread / 255).toBeCloseTo(0.1, 2);
    const flat = corrupt(pictures, { kind: 'contrast', strength: 0.4 }, 1);
    const statistics = (picture: Uint8Array) => {
      const mean = picture.reduce((a, b) => a + b, 0) / picture.length;
      return { mean, range: Math.max(...picture) - Math.min(...picture) };
    };
    for (let i = 0; i < 5; i++) {
      const [before, after] = [statistics(one(pictures, i)), statistics(one(flat, i))];
      expect(Math.abs(after.mean - before.mean)).toBeLessThan(0.5);
      expect(Math.abs(after.range - 0.4 * before.range)).toBeLessThanOrEqual(1);
    }
  });

  it('a stronger one changes a picture more', () => {
    for (const kind of CORRUPTION_KINDS) {
      const own = allCorruptions.filter(c => c.kind === kind);
      const changes = own.map(c => difference(corrupt(pictures, c, 1).images, pictures.images));
      if (kind === 'noise' || kind === 'contrast') expect(changes).toEqual([...changes].sort((a, b) => a - b));
    }
  });

  it('knows what a policy has shown a model already', () => {
    const standard = findAugmentation('standard');
    const seen = (kind: 'shift' | 'rotation' | 'noise' | 'contrast', strength: number) =>
      seenIn(standard, { kind, strength });
    expect([seen('shift', 1), seen('shift', 2), seen('shift', 4)]).toEqual(['as strong', 'as strong', 'milder']);
    expect([seen('rotation', 5), seen('rotation', 15)]).toEqual(['as strong', 'milder']);
    expect([seen('noise', 0.05), seen('contrast', 0.7)]).toEqual(['no', 'no']);
    expect(seenIn(findAugmentation('strong'), { kind: 'contrast', strength: 0.7 })).toBe('as strong');
    expect(seenIn(undefined, { kind: 'shift', strength: 1 })).toBe('no');
  });

  it('is named as people read it, and refuses what cannot be', () => {
    expect(allCorruptions.map(describeCorruption)).toContain('shift 2 px');
    expect(allCorruptions.map(describeCorruption)).toContain('rotation 15°');
    expect(() => corrupt(pictures, { kind: 'shift', strength: Number.NaN }, 1)).toThrow(/strength NaN/);
  });
});
