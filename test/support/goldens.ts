import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../src/io/safetensors.ts';
import type { Values } from '../../src/kernels/spec.ts';

const folder = fileURLToPath(new URL('../goldens/', import.meta.url));

/** A file of test/goldens: what another system computed. */
export interface Golden {
  readonly file: string;
  readonly op: string;
  readonly attributes: Record<string, unknown>;
  readonly tensors: Record<string, GoldenTensor>;
}

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
  /** The values are every n-th of the tensor's, from the first; 1 where all are kept (test/goldens/thin.ts). */
  readonly every: number;
}

export function goldenFiles(): string[] {
  return readdirSync(folder).filter(name => name.endsWith('.safetensors'));
}

export function readGolden(file: string): Golden {
  const { metadata, tensors } = readSafetensors(new Uint8Array(readFileSync(folder + file)), file);
  const every: Record<string, number> = JSON.parse(metadata.every ?? '{}');
  const attributes = JSON.parse(metadata.attrs!);
  const inputs: Record<string, Hashed> = attributes.hashed ?? {};
  const stored = [...tensors].map(([name, { shape, data }]) => {
    const values = data as Float32Array | Int32Array;
    return [name, { shape: [...shape], values, every: every[name] ?? 1 }] as const;
  });
  const hashed = Object.entries(inputs).map(([name, how]) => {
    return [name, { shape: how.shape, values: hashedValues(how), every: 1 }] as const;
  });
  return { file, op: metadata.op!, attributes, tensors: Object.fromEntries([...stored, ...hashed]) };
}

/** Inputs and first weights that need not be stored. */
interface Hashed {
  readonly shape: readonly number[];
  readonly limit: number;
  readonly seed: number;
}

/** Values in [-limit, limit), each a hash of its place: the bits of `hashed` in test/goldens/golden_files.py. */
function hashedValues({ shape, limit, seed }: Hashed): Float32Array {
  const start = Math.imul(seed, 0x9e3779b9);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    let x = (i + start) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
    x = (x ^ (x >>> 16)) >>> 0;
    return (2 * (x / 2 ** 32) - 1) * limit;
  });
}

/** The values of a whole tensor that its golden kept. */
export function keptOf(actual: Values | Int32Array, { every }: GoldenTensor): Values | Int32Array {
  return every === 1
    ? actual
    : Float64Array.from({ length: Math.ceil(actual.length / every) }, (_, i) => actual[i * every]!);
}

/** How far a tensor is from its golden: `relativeError` of what the golden kept. */
export function goldenError(actual: Values | Int32Array, golden: GoldenTensor): number {
  return relativeError(keptOf(actual, golden), golden.values);
}

/** Largest difference relative to the largest expected magnitude: how far two results are apart as a whole. */
export function relativeError(actual: Values | Int32Array, expected: Values | Int32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    // A NaN on one side only must not pass as a small difference.
    if (!(error >= 0)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, error);
    magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / magnitude;
}
