import { type NpyArray, parseNpy } from './npy.ts';
import { readZip } from './zip.ts';

export interface NpzOptions {
  /** Most bytes that all wanted arrays together may unpack to. Default 2 GiB. */
  maxBytes?: number;
  /** Names to read; others are not even unpacked. Default: all. */
  only?: readonly string[];
}

/**
 * Reads the arrays of a .npz file (a zip of .npy, as numpy.savez and numpy.savez_compressed write it) by name, without
 * the ending .npy. Every length is checked against the file, every array against its checksum; `where` starts every
 * error message.
 */
export function readNpz(bytes: Uint8Array, where: string, options: NpzOptions = {}): Map<string, NpyArray> {
  const { only, ...bounds } = options;
  const wants = (file: string) => file.endsWith('.npy') && (!only || only.includes(arrayName(file)));
  const files = readZip(bytes, where, { ...bounds, wants });
  return new Map([...files].map(([file, data]) => [arrayName(file), parseNpy(data, `${where} (${file})`)]));
}

const arrayName = (file: string): string => file.replace(/\.npy$/, '');
