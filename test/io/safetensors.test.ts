import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, type SafetensorsType, writeSafetensors } from '../../src/io/safetensors.ts';
import { FileError, ValueError } from '../../src/platform/errors.ts';

const WHERE = 'folder/model.safetensors';

/** A file with this header, whatever stands in it, and so many bytes of data (or these). */
function file(header: unknown, data: number | ArrayLike<number> = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const body = typeof data === 'number' ? new Uint8Array(data) : Uint8Array.from(data);
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

const entry = (dtype: string, shape: unknown, start: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

/** One tensor of one type from raw bytes. */
function readOne(dtype: SafetensorsType, raw: ArrayLike<number>, shape: number[]) {
  const { tensors } = readSafetensors(file({ a: entry(dtype, shape, 0, raw.length) }, raw), WHERE);
  return tensors.get('a')!.data;
}

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

describe('safetensors', () => {
  it('gives back what was written, bit for bit, with its metadata', () => {
    const weights = Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, -3e38);
    const bytes = writeSafetensors(
      {
        'conv1.kernel': { shape: [2, 3], data: weights },
        steps: { shape: [], data: Uint32Array.of(4_000_000_000) },
        offsets: { shape: [2], data: Int32Array.of(-1, 7) },
        mask: { shape: [3], data: Uint8Array.of(1, 2, 3) },
        nothing: { shape: [0, 4], data: new Float32Array(0) },
        10: { shape: [1], data: Float32Array.of(2) },
      },
      { epoch: '3', comment: 'größer "als" \\ sonst' },
    );
    const { metadata, tensors, where } = readSafetensors(bytes, WHERE);
    expect(where).toBe(WHERE);
    expect(metadata).toEqual({ comment: 'größer "als" \\ sonst', epoch: '3' });
    expect([...bytesOf(tensors.get('conv1.kernel')!.data)]).toEqual([...bytesOf(weights)]);
    expect(tensors.get('conv1.kernel')!.shape).toEqual([2, 3]);
    expect(tensors.get('steps')).toEqual({ dtype: 'U32', shape: [], data: Uint32Array.of(4_000_000_000) });
    expect(tensors.get('offsets')!.data).toEqual(Int32Array.of(-1, 7));
    expect(tensors.get('mask')!.data).toEqual(Uint8Array.of(1, 2, 3));
    expect(tensors.get('nothing')!.data.length).toBe(0);
    expect(tensors.size).toBe(6);
  });

  it('writes the same bytes for the same tensors, whatever their order, and aligns them', () => {
    const a = { shape: [3], data: Uint8Array.of(1, 2, 3) };
    const b = { shape: [2], data: Float32Array.of(1, 2) };
    const one = writeSafetensors({ a, b }, { x: '1', y: '2' });
    expect(one).toEqual(writeSafetensors({ b, a }, { y: '2', x: '1' }));
    const headerBytes = new DataView(one.buffer).getUint32(0, true);
    expect(headerBytes % 8).toBe(0);
    const text = new TextDecoder().decode(one.subarray(8, 8 + headerBytes));
    expect(text.trimEnd()).toBe(
      '{"__metadata__":{"x":"1","y":"2"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
        '"a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}',
    );
  });

  it('reads every element type, also where a tensor is not aligned', () => {
    expect(readOne('F64', bytesOf(Float64Array.of(Math.PI, -1e300)), [2])).toEqual(Float64Array.of(Math.PI, -1e300));
    expect(readOne('F32', bytesOf(Float32Array.of(0.1)), [])).toEqual(Float32Array.of(0.1));
    expect(readOne('I64', bytesOf(BigInt64Array.of(-5n, 2n ** 62n)), [2])).toEqual(BigInt64Array.of(-5n, 2n ** 62n));
    expect(readOne('I32', bytesOf(Int32Array.of(-5)), [1])).toEqual(Int32Array.of(-5));
    expect(readOne('I16', bytesOf(Int16Array.of(-5, 300)), [2])).toEqual(Int16Array.of(-5, 300));
    expect(readOne('U16', bytesOf(Uint16Array.of(65535)), [1])).toEqual(Uint16Array.of(65535));
    expect(readOne('U32', bytesOf(Uint32Array.of(4e9)), [1])).toEqual(Uint32Array.of(4e9));
    expect(readOne('I8', [255, 1], [2])).toEqual(Int8Array.of(-1, 1));
    expect(readOne('BOOL', [0, 1], [2])).toEqual(Uint8Array.of(0, 1));
    const odd = file({ a: entry('U8', [1], 0, 1), b: entry('F32', [1], 1, 5) }, [9, ...bytesOf(Float32Array.of(-2.5))]);
    expect(readSafetensors(odd, WHERE).tensors.get('b')!.data).toEqual(Float32Array.of(-2.5));
  });

  it('decodes halves and brain floats: normal, subnormal, infinite, not a number', () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x8000, 0x7c00, 0xfc00, 0x7e00);
    const expected = [1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, -0, 1 / 0, -1 / 0, Number.NaN];
    expect([...(readOne('F16', bytesOf(halves), [9]) as Float32Array)]).toEqual(expected);
    const brain = Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x7fc0, 0x0001);
    expect([...(readOne('BF16', bytesOf(brain), [5]) as Float32Array)]).toEqual([1, -3, 1 / 0, Number.NaN, 2 ** -133]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes are too few/],
    ['a header that cannot be', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255, 123), /header would have/],
    [
      'a header past the end',
      Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 123),
      /truncated: the header ends at byte 208 of 9/,
    ],
    ['another format', file('PK........'), /does not begin with '\{'/],
    ['broken JSON', file('{"a":'), /header is damaged/],
    ['text that is not UTF-8', file('{"a\u00ff"}').map(b => (b === 0xc3 ? 0xff : b)), /header is damaged/],
    [
      'an unknown type',
      file({ a: entry('F8_E4M3', [1], 0, 1) }, 1),
      /tensor 'a': element type "F8_E4M3"; known are F64/,
    ],
    ['an inherited type', file({ a: entry('toString', [1], 0, 1) }, 1), /element type "toString"/],
    ['no object', file({ a: 3 }), /tensor 'a': its header entry is not an object/],
    ['a negative size', file({ a: entry('F32', [-1], 0, 4) }, 4), /shape \[-1\]/],
    ['a broken size', file({ a: entry('F32', [1.5], 0, 6) }, 6), /shape \[1.5\]/],
    ['no shape', file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /shape undefined/],
    ['offsets backwards', file({ a: entry('F32', [1], 4, 0) }, 4), /data_offsets \[4,0\]/],
    ['one offset', file({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4), /data_offsets \[0\]/],
    ['a length that differs', file({ a: entry('F32', [3], 0, 8) }, 8), /has 8 bytes, but F32 of shape \[3\] needs 12/],
    ['a huge shape', file({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 4) }, 4), /needs 4.8/],
    [
      'data past the end',
      file({ a: entry('F32', [2], 0, 8) }, 4),
      /truncated: tensor 'a' ends at byte 8 .* there are 4/,
    ],
    ['bytes to spare', file({ a: entry('F32', [1], 0, 4) }, 5), /1 bytes follow the last tensor/],
    ['a gap', file({ a: entry('F32', [1], 4, 8) }, 8), /'a' starts at byte 4 .* leaves 4 bytes/],
    [
      'an overlap',
      file({ a: entry('U8', [4], 0, 4), b: entry('U8', [4], 2, 6) }, 6),
      /'b' starts at byte 2 .* overlaps/,
    ],
    ['the same place twice', file({ a: entry('U8', [4], 0, 4), b: entry('U8', [4], 0, 4) }, 4), /'b' .* overlaps/],
    [
      'a name twice',
      file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}'),
      /'a' stands twice|not an/,
    ],
    [
      'a field twice',
      file('{"a":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}'),
      /'dtype' stands twice/,
    ],
    ['metadata of numbers', file({ __metadata__: { epoch: 3 } }), /__metadata__ is not a map/],
    ['a BOOL of 2', file({ a: entry('BOOL', [1], 0, 1) }, [2]), /holds the byte 2/],
  ])('refuses %s by the name of the file', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, WHERE)).toThrow(FileError);
    expect(() => readSafetensors(bytes, WHERE)).toThrow(message);
    expect(() => readSafetensors(bytes, WHERE)).toThrow(/^folder\/model\.safetensors/);
  });

  const small = writeSafetensors(
    { a: { shape: [2], data: Float32Array.of(1, 2) }, b: { shape: [3], data: Uint8Array.of(1, 2, 3) } },
    { note: 'x' },
  );

  it('refuses a file cut off at any byte, and one with a byte too many', () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => readSafetensors(small.slice(0, length), WHERE), `${length} bytes`).toThrow(FileError);
    }
    expect(() => readSafetensors(Uint8Array.of(...small, 0), WHERE)).toThrow(FileError);
  });

  it('never does anything but read or refuse, whatever bytes are changed', () => {
    const change = fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(change, changes => {
        const bytes = small.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          for (const { data, shape } of readSafetensors(bytes, WHERE).tensors.values()) {
            expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it('refuses to write what could not be read', () => {
    expect(() => writeSafetensors({ a: { shape: [2], data: Float32Array.of(1) } })).toThrow(ValueError);
    expect(() => writeSafetensors({ __metadata__: { shape: [1], data: Float32Array.of(1) } })).toThrow(ValueError);
  });

  it("reads files of Python's library", () => {
    const folder = new URL('../goldens/', import.meta.url);
    const names = readdirSync(folder).filter(name => name.endsWith('.safetensors'));
    expect(names.length).toBeGreaterThan(40);
    for (const name of names) {
      const { metadata, tensors } = readSafetensors(new Uint8Array(readFileSync(new URL(name, folder))), name);
      expect(metadata.op, name).toBeTruthy();
      expect(tensors.size, name).toBeGreaterThan(0);
    }
    const bytes = new Uint8Array(readFileSync(new URL('opt_adam.safetensors', folder)));
    expect(readSafetensors(bytes, 'opt_adam').tensors.get('trajectory')).toMatchObject({
      dtype: 'F32',
      shape: [12, 20, 7],
    });
  });
});
