import { FileError } from '../platform/errors.ts';

const KINDS = {
  u1: Uint8Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

export type NpyType = keyof typeof KINDS;

/** An array of NumPy, in C order. `data` is of the typed array that belongs to `dtype`. */
export interface NpyArray {
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  readonly data: InstanceType<(typeof KINDS)[NpyType]>;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Reads a .npy file (versions 1 to 3). `where` is what every error message starts with. */
export function parseNpy(bytes: Uint8Array, where: string): NpyArray {
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new FileError(`${where}: not a .npy array, or cut off in its header; save it with numpy.save or numpy.savez`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw new FileError(`${where}: .npy version ${version}; known are 1 to 3`);
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) {
    throw new FileError(`${where}: truncated: the header ends at byte ${end} of ${bytes.length}; get a fresh copy`);
  }
  const { descr, fortran, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(start, end)), where);
  const dtype = toType(descr, where);
  const Kind = KINDS[dtype];
  const size = shape.reduce((product, n) => product * n, 1);
  // One-dimensional arrays are marked as either order; only a real column order would need a transposition.
  if (fortran && shape.length > 1) {
    throw new FileError(`${where}: is in Fortran order; save it with numpy.ascontiguousarray`);
  }
  const expected = size * Kind.BYTES_PER_ELEMENT;
  if (bytes.length - end !== expected) {
    const what = bytes.length - end < expected ? 'truncated' : 'too long';
    throw new FileError(
      `${where}: ${what}: ${bytes.length - end} bytes of data, but ${descr} of shape [${shape}] needs ${expected}; get a fresh copy`,
    );
  }
  // A copy, since a typed array may only start at a multiple of its element size.
  const data = new Kind(bytes.slice(end).buffer);
  return { dtype, shape, data };
}

function parseHeader(text: string, where: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (/'descr'\s*:\s*\[/.test(text)) {
    throw new FileError(`${where}: a structured array; save each field as an array of its own`);
  }
  if (descr === undefined || fortran === undefined || sizes === undefined) {
    throw new FileError(`${where}: header not understood: ${text.slice(0, 120).trim()}; save it with numpy.save`);
  }
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  return { descr, fortran: fortran === 'True', shape };
}

function toType(descr: string, where: string): NpyType {
  const order = descr[0];
  const kind = descr.slice(1);
  if (kind.startsWith('O')) throw new FileError(`${where}: holds Python objects, which are not read; save numbers`);
  if (order === '>') throw new FileError(`${where}: is big-endian (${descr}); save it with .astype('<${kind}')`);
  if (!Object.hasOwn(KINDS, kind)) {
    throw new FileError(`${where}: element type ${descr}; known are ${Object.keys(KINDS).join(', ')}`);
  }
  return kind as NpyType;
}
