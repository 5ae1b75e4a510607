import { FileError } from '../platform/errors.ts';
import type { DataSource } from '../platform/platform.ts';

/** More than any data set that fits in one typed array of this engine; a file that unpacks to more is no data set. */
export const MAX_UNPACKED_BYTES = 2 ** 31;

/** The path or address of a file in a source, as messages name it. */
export function pathIn(source: DataSource, name: string): string {
  return `${source.where.replace(/\/$/, '')}/${name}`;
}

/** A file as it is or, under its name with `.gz`, unpacked. Undefined when neither is there. */
export async function readIfThere(source: DataSource, name: string): Promise<Uint8Array | undefined> {
  const plain = await source.read(name);
  if (plain) return plain;
  const packed = await source.read(`${name}.gz`);
  return packed && (await gunzip(packed, pathIn(source, `${name}.gz`)));
}

/** Unpacks a gzip file. A truncated, altered or absurdly large one is a `FileError` that starts with `where`. */
export async function gunzip(packed: Uint8Array, where: string, maxBytes = MAX_UNPACKED_BYTES): Promise<Uint8Array> {
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = stream.getReader();
  // Piece by piece, so that a small file which unpacks to gigabytes is stopped at the limit, not by the machine's memory.
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > maxBytes) throw new FileError(`${where}: unpacks to more than ${maxBytes} bytes; this is no data set`);
      pieces.push(next.value);
    }
  } catch (cause) {
    if (cause instanceof FileError) {
      await reader.cancel().catch(() => {});
      throw cause;
    }
    throw new FileError(`${where}: truncated, damaged or not a gzip file (${reason(cause)}); get a fresh copy`, {
      cause,
    });
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
