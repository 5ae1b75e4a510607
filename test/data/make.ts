import type { DataSource } from '../../src/platform/platform.ts';

/** An idx file of bytes. */
export function idx(shape: readonly number[], values: ArrayLike<number>, type = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

/** A .npy file; `values` are the raw bytes of its elements. */
export function npy(descr: string, shape: readonly number[], values: Uint8Array, fortran = false): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sizes}), }`;
  const text = `${dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11)}\n`;
  const header = new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
  return new Uint8Array([...header, ...new TextEncoder().encode(text), ...values]);
}

/** A folder that exists only in memory. */
export function memorySource(files: Record<string, Uint8Array>, where = 'memory/toy'): DataSource {
  return { where, read: async name => files[name], list: async () => Object.keys(files) };
}
