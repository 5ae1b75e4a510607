/**
 * The safetensors format (Hugging Face): eight bytes with the header's length, a JSON header, then the raw tensors.
 *
 *     readSafetensors(bytes, where)              -> { where, metadata, tensors: Map<name, { dtype, shape, data }> }
 *     writeSafetensors({ name: { shape, data } }, metadata) -> bytes
 *
 * Pure functions on bytes. A file may come from anywhere, so every number in it is checked before it is used.
 */
import { FileError, ValueError } from '../platform/errors.ts';
import { fromHalves, toHalves } from './half.ts';
import { findDuplicateKey } from './json-keys.ts';

const BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** Element types of the format that are read. F16 and BF16 come as Float32Array, BOOL as bytes 0 and 1. */
export type SafetensorsType = keyof typeof BYTES;

export type SafetensorsData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

export interface SafetensorsEntry {
  /** The type in the file. */
  readonly dtype: SafetensorsType;
  /** [] for a scalar; sizes may be 0. */
  readonly shape: readonly number[];
  /** Row-major. May share memory with the file's bytes. */
  readonly data: SafetensorsData;
}

export interface SafetensorsFile {
  /** What messages call the file. */
  readonly where: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order in which they lie in the file. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

/** The limit that other readers have too: no real model comes near it. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

interface Place {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a safetensors file.
 * @param where what every error message starts with, such as the file's path.
 * @throws FileError when the file is truncated, altered or not of this format: the tensors must fill it without a gap,
 *   an overlap or a byte to spare.
 */
export function readSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes, where);
  let metadata: Record<string, string> = {};
  const places: Place[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = readMetadata(value, where);
    else places.push(readPlace(name, value, where));
  }
  places.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCoverage(places, bytes.length - dataStart, where);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const { name, dtype, shape, start, end } of places) {
    const raw = bytes.subarray(dataStart + start, dataStart + end);
    tensors.set(name, { dtype, shape, data: decode(dtype, raw, `${where}: tensor '${name}'`) });
  }
  return { where, metadata, tensors };
}

function readHeader(bytes: Uint8Array, where: string): { header: object; dataStart: number } {
  const fail = (what: string): never => {
    throw new FileError(`${where}: ${what}; get a fresh copy`);
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes are too few for a safetensors file`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER_BYTES) fail(`not a safetensors file: its header would have ${length} bytes`);
  const dataStart = 8 + length;
  if (dataStart > bytes.length) fail(`truncated: the header ends at byte ${dataStart} of ${bytes.length}`);
  const raw = bytes.subarray(8, dataStart);
  if (raw[0] !== 0x7b) fail("not a safetensors file: its header does not begin with '{'");
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
    header = JSON.parse(text);
    // JSON.parse silently takes the last of two equal keys, another reader may take the first.
    const twice = findDuplicateKey(text);
    if (twice !== undefined) fail(`'${twice}' stands twice in its header`);
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(`${where}: its header is damaged (${String(cause)}); get a fresh copy`, { cause });
  }
  return { header: header as object, dataStart };
}

function readMetadata(value: unknown, where: string): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every(text => typeof text === 'string')) {
    throw new FileError(`${where}: its ${METADATA} is not a map from text to text; write it as such`);
  }
  return value as Record<string, string>;
}

function readPlace(name: string, value: unknown, where: string): Place {
  const at = `${where}: tensor '${name}'`;
  if (!isObject(value)) throw new FileError(`${at}: its header entry is not an object; get a fresh copy`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype)) {
    throw new FileError(`${at}: element type ${JSON.stringify(dtype)}; known are ${Object.keys(BYTES).join(', ')}`);
  }
  if (!isSizes(shape)) throw new FileError(`${at}: shape ${JSON.stringify(shape)}; sizes are whole numbers from 0`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw new FileError(`${at}: data_offsets ${JSON.stringify(offsets)}; expected [start, end] in bytes`);
  }
  const [start, end] = offsets as [number, number];
  const type = dtype as SafetensorsType;
  const expected = shape.reduce((product, size) => product * size, BYTES[type]);
  if (end - start !== expected) {
    throw new FileError(
      `${at}: has ${end - start} bytes, but ${type} of shape [${shape.join(', ')}] needs ${expected}; get a fresh copy`,
    );
  }
  return { name, dtype: type, shape, start, end };
}

/** Sorted places must follow one another and end where the file ends. */
function checkCoverage(places: readonly Place[], dataBytes: number, where: string): void {
  let at = 0;
  for (const { name, start, end } of places) {
    if (end > dataBytes) {
      throw new FileError(
        `${where}: truncated: tensor '${name}' ends at byte ${end} of the data, there are ${dataBytes}; get a fresh copy`,
      );
    }
    if (start !== at) {
      const what = start < at ? 'overlaps the one before it' : `leaves ${start - at} bytes before it unused`;
      throw new FileError(
        `${where}: tensor '${name}' starts at byte ${start} of the data and ${what}; get a fresh copy`,
      );
    }
    at = end;
  }
  if (at !== dataBytes) {
    throw new FileError(
      `${where}: ${dataBytes - at} bytes follow the last tensor; the file was altered, get a fresh copy`,
    );
  }
}

function decode(dtype: SafetensorsType, raw: Uint8Array, where: string): SafetensorsData {
  if (dtype === 'U8') return raw;
  if (dtype === 'I8') return new Int8Array(raw.buffer, raw.byteOffset, raw.length);
  if (dtype === 'BOOL') {
    const odd = raw.find(byte => byte > 1);
    if (odd !== undefined) throw new FileError(`${where}: holds the byte ${odd}, a BOOL is 0 or 1; get a fresh copy`);
    return raw;
  }
  // A typed array may only start at a multiple of its element size; files of other writers need not care.
  const aligned = raw.byteOffset % BYTES[dtype] === 0 ? raw : raw.slice();
  const { buffer, byteOffset } = aligned;
  const count = raw.length / BYTES[dtype];
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer, byteOffset, count);
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F16':
      return fromHalves(new Uint16Array(buffer, byteOffset, count));
    case 'BF16':
      return fromBrainFloats(new Uint16Array(buffer, byteOffset, count));
    case 'I64':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'I32':
      return new Int32Array(buffer, byteOffset, count);
    case 'I16':
      return new Int16Array(buffer, byteOffset, count);
    case 'U32':
      return new Uint32Array(buffer, byteOffset, count);
    case 'U16':
      return new Uint16Array(buffer, byteOffset, count);
  }
}

/** A brain float is the upper half of a float32. */
function fromBrainFloats(words: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(words, word => word << 16).buffer);
}

/** A tensor to write; its type follows from the array's. */
export interface SafetensorsSource {
  readonly shape: readonly number[];
  /** Writes floats as the nearest F16. */
  readonly half?: boolean;
  readonly data: Float64Array | Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;
}

/**
 * A safetensors file. The same tensors give the same bytes: wide types first, then by name, so that every tensor is
 * aligned, and metadata by name.
 * @throws ValueError when a tensor's length does not fit its shape.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, SafetensorsSource>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = Object.entries(tensors).map(([name, source]) => ({ name, ...encode(name, source) }));
  entries.sort((a, b) => BYTES[b.dtype] - BYTES[a.dtype] || compare(a.name, b.name));
  // Without a prototype, a tensor may have any name.
  const header: Record<string, unknown> = Object.create(null);
  const keys = Object.keys(metadata).sort(compare);
  if (keys.length > 0) header[METADATA] = Object.fromEntries(keys.map(key => [key, metadata[key]]));
  let end = 0;
  for (const { name, shape, data, dtype } of entries) {
    const size = shape.reduce((product, n) => product * n, 1);
    if (name === METADATA) throw new ValueError(`safetensors: a tensor cannot be called ${METADATA}; rename it`);
    if (!isSizes(shape) || size !== data.length) {
      throw new ValueError(
        `safetensors: tensor '${name}' has ${data.length} values, its shape [${shape.join(', ')}] says ${size}`,
      );
    }
    header[name] = { dtype, shape, data_offsets: [end, (end += data.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(text, 8);
  file.fill(0x20, 8 + text.length, 8 + headerBytes);
  let at = 8 + headerBytes;
  for (const { data } of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

interface Encoded {
  readonly shape: readonly number[];
  readonly dtype: SafetensorsType;
  readonly data: SafetensorsSource['data'] | Uint16Array;
}

function encode(name: string, { shape, data, half = false }: SafetensorsSource): Encoded {
  if (!half) return { shape, dtype: typeOf(data), data };
  if (!(data instanceof Float32Array))
    throw new ValueError(`safetensors: tensor '${name}' is of no floats; keep its type`);
  const halves = toHalves(data);
  const lost = halves.findIndex((bits, i) => (bits & 0x7fff) === 0x7c00 && Number.isFinite(data[i]));
  if (lost >= 0) {
    throw new ValueError(
      `safetensors: tensor '${name}' holds ${data[lost]}, which no float16 can hold; write it as float32`,
    );
  }
  return { shape, dtype: 'F16', data: halves };
}

function typeOf(data: SafetensorsSource['data']): SafetensorsType {
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Uint16Array) return 'U16';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

/** By code units: the same order on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(n => Number.isSafeInteger(n) && n >= 0);
}
