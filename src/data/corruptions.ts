/**
 * Test pictures made harder in known ways, on the host and by a seed: what a network does with them says what it relies on.
 * The idea is of D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
 * Perturbations" (2019); the four kinds and their strengths are chosen for small grey pictures.
 */
import { philox4x32, seedKey, toUnit } from '../kernels/philox.ts';
import { ValueError } from '../platform/errors.ts';
import type { AugmentationPolicy } from './augmentation.ts';
import type { ImageData8 } from './dataset.ts';

/**
 * shift: pixels, in one of eight directions; rotation: degrees, either way; noise: standard deviation as a share of the
 * full range; contrast: what distances from the picture's mean are multiplied by.
 */
export const CORRUPTIONS = {
  shift: { strengths: [1, 2, 4], unit: 'px' },
  rotation: { strengths: [5, 15, 30], unit: '°' },
  noise: { strengths: [0.05, 0.1, 0.2], unit: '' },
  contrast: { strengths: [0.7, 0.4, 0.2], unit: '' },
} as const;

export type CorruptionKind = keyof typeof CORRUPTIONS;
export const CORRUPTION_KINDS = Object.keys(CORRUPTIONS) as CorruptionKind[];

export interface Corruption {
  readonly kind: CorruptionKind;
  readonly strength: number;
}

/** All kinds at all strengths, the mild ones of each kind first. */
export const allCorruptions: readonly Corruption[] = CORRUPTION_KINDS.flatMap(kind =>
  CORRUPTIONS[kind].strengths.map(strength => ({ kind, strength })),
);

/** Sets these draws apart from those of other purposes under the same seed. */
const PURPOSE = 0x636f7272;

/**
 * The same labelled pictures, each changed; what comes in from outside is black. Picture i is changed by (seed, kind, i),
 * so all models see the same ones and a stronger change goes the same way as a milder one.
 * @throws ValueError for a strength that cannot be.
 */
export function corrupt(data: ImageData8, { kind, strength }: Corruption, seed: number): ImageData8 {
  if (!(Number.isFinite(strength) && strength >= 0)) {
    throw new ValueError(`corruption ${kind}: strength ${strength}; it must be a number from 0`);
  }
  const { count, height, width, channels } = data;
  const size = height * width * channels;
  const images = new Uint8Array(data.images.length);
  const [k0, k1] = seedKey(seed);
  const change = CHANGES[kind];
  for (let i = 0; i < count; i++) {
    const words = (call: number) =>
      philox4x32(i, call, CORRUPTION_KINDS.indexOf(kind), PURPOSE, k0, k1, new Uint32Array(4));
    const at = i * size;
    change(data.images.subarray(at, at + size), images.subarray(at, at + size), data, strength, words);
  }
  return { ...data, images, name: `${data.name}, ${describeCorruption({ kind, strength })}` };
}

/** 'shift 2 px'. */
export function describeCorruption({ kind, strength }: Corruption): string {
  const { unit } = CORRUPTIONS[kind];
  return `${kind} ${strength}${unit === '°' ? unit : unit && ` ${unit}`}`;
}

/** Whether pictures like these were among those a model was trained on: all of that strength, milder ones, or none. */
export type Seen = 'as strong' | 'milder' | 'no';

export function seenIn(policy: Omit<AugmentationPolicy, 'name'> | undefined, { kind, strength }: Corruption): Seen {
  if (kind === 'noise' || !policy) return 'no';
  const drawn = policy[kind] ?? 0;
  if (drawn === 0) return 'no';
  // A policy's contrast is how far the factor may lie from 1.
  const needed = kind === 'contrast' ? Math.abs(1 - strength) : strength;
  return drawn >= needed - 1e-9 ? 'as strong' : 'milder';
}

type Shape = Pick<ImageData8, 'height' | 'width' | 'channels'>;
type Change = (
  from: Uint8Array,
  to: Uint8Array,
  shape: Shape,
  strength: number,
  words: (call: number) => Uint32Array,
) => void;

const toByte = (value: number) => Math.max(0, Math.min(255, Math.round(value)));

const CHANGES: Readonly<Record<CorruptionKind, Change>> = {
  shift(from, to, shape, strength, words) {
    // Eight directions: a shift by (0, 0) would be none.
    const [down, right] = DIRECTIONS[words(0)[0]! >>> 29]!;
    resample(from, to, shape, (y, x) => [y - down * strength, x - right * strength]);
  },
  rotation(from, to, shape, strength, words) {
    const angle = ((words(0)[0]! >>> 31 === 0 ? 1 : -1) * strength * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [cy, cx] = [(shape.height - 1) / 2, (shape.width - 1) / 2];
    resample(from, to, shape, (y, x) => [cy + cos * (y - cy) - sin * (x - cx), cx + sin * (y - cy) + cos * (x - cx)]);
  },
  noise(from, to, _shape, strength, words) {
    for (let i = 0; i < from.length; i += 2) {
      const [u, v] = words(i / 2) as unknown as [number, number];
      // Box and Muller: two normal numbers of two uniform ones.
      const radius = 255 * strength * Math.sqrt(-2 * Math.log(1 - toUnit(u)));
      const turn = 2 * Math.PI * toUnit(v);
      to[i] = toByte(from[i]! + radius * Math.cos(turn));
      if (i + 1 < from.length) to[i + 1] = toByte(from[i + 1]! + radius * Math.sin(turn));
    }
  },
  contrast(from, to, _shape, strength) {
    const centre = from.reduce((sum, value) => sum + value, 0) / from.length;
    for (let i = 0; i < from.length; i++) to[i] = toByte(centre + strength * (from[i]! - centre));
  },
};

const DIRECTIONS = [-1, 0, 1]
  .flatMap(down => [-1, 0, 1].map(right => [down, right] as const))
  .filter(([down, right]) => down !== 0 || right !== 0);

/** Each pixel from where `source` says (row, column), bilinear between the four around it. */
function resample(
  from: Uint8Array,
  to: Uint8Array,
  { height, width, channels }: Shape,
  source: (y: number, x: number) => readonly [number, number],
): void {
  const value = (y: number, x: number, c: number) =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : from[(y * width + x) * channels + c]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sy, sx] = source(y, x);
      const [top, left] = [Math.floor(sy), Math.floor(sx)];
      const [fy, fx] = [sy - top, sx - left];
      for (let c = 0; c < channels; c++) {
        const upper = (1 - fx) * value(top, left, c) + fx * value(top, left + 1, c);
        const lower = (1 - fx) * value(top + 1, left, c) + fx * value(top + 1, left + 1, c);
        to[(y * width + x) * channels + c] = toByte((1 - fy) * upper + fy * lower);
      }
    }
  }
}
