import { FileError } from '../platform/errors.ts';

/** A file of the idx format (Y. LeCun's MNIST page): a magic number, big-endian sizes, then the values. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/** Reads an idx file of unsigned bytes. `where` is the path that starts every error message. */
export function parseIdx(bytes: Uint8Array, where: string): IdxArray {
  if (bytes.length < 4)
    throw new FileError(`${where}: ${bytes.length} bytes are too few for an idx header; get a fresh copy`);
  const [zero0, zero1, type, rank] = bytes as unknown as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0) {
    const magic = Array.from(bytes.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join('');
    const gz = bytes[0] === 0x1f && bytes[1] === 0x8b ? ' (it is gzip: give its name the ending .gz)' : '';
    throw new FileError(`${where}: not an idx file: it starts with 0x${magic}, expected 0x000008..${gz}`);
  }
  if (type !== UNSIGNED_BYTE) {
    throw new FileError(
      `${where}: idx element type 0x${type.toString(16)}; only unsigned bytes (0x8) are images or labels`,
    );
  }
  const header = 4 + 4 * rank;
  if (rank === 0 || bytes.length < header) {
    throw new FileError(
      `${where}: idx header of ${rank} dimensions is cut off at ${bytes.length} bytes; get a fresh copy`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, header);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  // Sizes of four billion each multiply past what a double holds exactly, but never to an equal of a real length.
  const expected = header + shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? 'truncated' : 'too long';
    throw new FileError(
      `${where}: ${what}: ${bytes.length} bytes, but its header [${shape}] asks for ${expected}; get a fresh copy`,
    );
  }
  return { shape, data: bytes.subarray(header) };
}

/** Reads images: [N, H, W], or [N, H, W, C]. */
export function parseIdxImages(bytes: Uint8Array, where: string): IdxArray {
  const idx = parseIdx(bytes, where);
  if (idx.shape.length !== 3 && idx.shape.length !== 4) {
    throw new FileError(`${where}: ${idx.shape.length} dimensions [${idx.shape}]; images have [N,H,W] or [N,H,W,C]`);
  }
  return idx;
}

/** Reads labels: [N]. */
export function parseIdxLabels(bytes: Uint8Array, where: string): Uint8Array {
  const idx = parseIdx(bytes, where);
  if (idx.shape.length !== 1) {
    throw new FileError(`${where}: ${idx.shape.length} dimensions [${idx.shape}]; labels have one`);
  }
  return idx.data;
}
