/**
 * The process that reads one HDF5 file for node-hdf5.ts: from standard input, its answer to file descriptor 3, as four
 * bytes with the length of a JSON text, that text, and the floats of all datasets. Standard output belongs to the library.
 *
 * The file lies in the library's own file system in memory, so that external links lead nowhere.
 */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import type { Dataset, Group } from 'h5wasm';

const PAGE = 65536;
/** No file of weights nests so deep or holds so many things; one whose links form a ring would never end. */
const MAX_DEPTH = 32;
const MAX_OBJECTS = 20_000;
const FLOAT_CLASS = 1;
const ANSWER = 3;

interface Entry {
  path: string;
  shape: number[];
  type: string;
  /** Floats that follow the text; 0 with `read: false` when it is not of floats. */
  count: number;
  read: boolean;
}

const bytes = await buffer(process.stdin);
const skip: string[] = JSON.parse(process.argv[2] ?? '[]');
/** Bytes that arrays may unpack to: weights hardly compress, and a small file must not ask for much. */
const budget = 16 * 2 ** 20 + 4 * bytes.length;
boundMemory(64 * 2 ** 20 + budget);
try {
  answer(await read());
} catch (error) {
  answer({ header: { error: error instanceof Error ? error.message : String(error) }, arrays: [] });
}
// The library's runtime may hold the process.
process.exit(0);

/** The library asks for memory through this one function. */
function boundMemory(most: number): void {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number) {
    if (this.buffer.byteLength + pages * PAGE > most) throw new RangeError(`needs more than ${most} bytes of memory`);
    return grow.call(this, pages);
  };
}

async function read(): Promise<{ header: object; arrays: Float32Array[] }> {
  const h5 = await import('h5wasm');
  const { FS } = await h5.ready;
  FS.writeFile('/input.h5', bytes);
  const file = new h5.File('/input.h5', 'r');
  if (file.file_id < 0n) throw new Error('the library cannot open it');
  const datasets: Entry[] = [];
  const arrays: Float32Array[] = [];
  const attributes: Record<string, Record<string, string | string[]>> = Object.create(null);
  let objects = 0;
  let unpacked = 0;

  const visit = (group: Group, path: string, depth: number): void => {
    if (depth > MAX_DEPTH) throw new Error(`${path}: nested deeper than ${MAX_DEPTH} groups`);
    const texts = textsOf(group);
    if (Object.keys(texts).length > 0) attributes[path || '/'] = texts;
    for (const key of group.keys()) {
      const inner = `${path}/${key}`;
      if (skip.includes(inner)) continue;
      if (++objects > MAX_OBJECTS) throw new Error(`more than ${MAX_OBJECTS} groups and arrays`);
      const entity = group.get(key);
      if (entity instanceof h5.Group) visit(entity, inner, depth + 1);
      else if (entity instanceof h5.Dataset) visitDataset(entity, inner);
      else throw new Error(`${inner}: a link or a type of its own; only groups and arrays are read`);
    }
  };

  const visitDataset = (dataset: Dataset, path: string): void => {
    const { shape, dtype, metadata } = dataset;
    const { type, size } = metadata;
    const sizes = shape ?? [];
    const count = sizes.reduce((product, n) => product * n, 1);
    const isFloat = type === FLOAT_CLASS && (size === 4 || size === 8);
    datasets.push({ path, shape: sizes, type: String(dtype), count: isFloat ? count : 0, read: isFloat });
    if (!isFloat) return;
    unpacked += count * size;
    if (!(unpacked <= budget)) throw new Error(`${path}: the arrays unpack to more than ${budget} bytes`);
    const value = count === 0 ? [] : sizes.length === 0 ? [Number(dataset.value)] : dataset.value;
    const floats = Float32Array.from(value as Float32Array);
    if (floats.length !== count) throw new Error(`${path}: has ${floats.length} values, its shape says ${count}`);
    arrays.push(floats);
  };

  visit(file, '', 0);
  return { header: { datasets, attributes }, arrays };
}

function textsOf(group: Group): Record<string, string | string[]> {
  const texts: Record<string, string | string[]> = Object.create(null);
  for (const [name, attribute] of Object.entries(group.attrs)) {
    const { value } = attribute;
    if (typeof value === 'string') texts[name] = value;
    else if (Array.isArray(value) && value.every(part => typeof part === 'string')) texts[name] = value as string[];
  }
  return texts;
}

function answer({ header, arrays }: { header: object; arrays: readonly Float32Array[] }): void {
  const text = new TextEncoder().encode(JSON.stringify(header));
  send(new Uint8Array(Uint32Array.of(text.length).buffer));
  send(text);
  for (const array of arrays) send(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
}

function send(data: Uint8Array): void {
  for (let sent = 0; sent < data.length; ) {
    try {
      sent += writeSync(ANSWER, data, sent);
    } catch (error) {
      // A pipe may be full for a moment.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
