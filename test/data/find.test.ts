import { gzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { FASHION_MNIST_CLASSES, FASHION_MNIST_FILES, FASHION_MNIST_TRAIN } from '../../src/data/fashion-mnist.ts';
import { gunzip } from '../../src/data/files.ts';
import { findDataSet } from '../../src/data/find.ts';
import { FileError } from '../../src/platform/errors.ts';
import { nodeDataPlaces } from '../../src/platform/node.ts';
import type { DataPlaces, DataSource } from '../../src/platform/platform.ts';
import { memorySource } from './make.ts';

type Files = Record<string, Uint8Array>;
const LABELS = 't10k-labels-idx1-ubyte';
/** The real files, unpacked. */
const real: Files = {};

beforeAll(async () => {
  const { where } = await findDataSet(nodeDataPlaces());
  const source = nodeDataPlaces(where).chosen!;
  for (const name of Object.keys(FASHION_MNIST_FILES)) {
    const plain = await source.read(name);
    real[name] = plain ?? (await gunzip((await source.read(`${name}.gz`))!, name));
  }
});

interface World extends DataPlaces {
  kept: Files;
}

/** Places in memory: what is in the cache, what the system has, what can be fetched. */
function world(cache: Files, known: Files[], fetched: (Files | FileError)[], full = false): World {
  const kept = { ...cache };
  return {
    kept,
    cache: {
      ...memorySource(kept, 'cache'),
      list: async () => Object.keys(kept),
      write: async (name, bytes) => {
        if (full) throw new FileError(`cache/${name}: cannot write (ENOSPC)`);
        kept[name] = bytes;
      },
    },
    known: known.map((files, i) => memorySource(files, `system${i}`)),
    fetchers: fetched.map((files, i) => ({
      from: `mirror${i}`,
      fetch: async (): Promise<DataSource & AsyncDisposable> => {
        if (files instanceof FileError) throw files;
        return { ...memorySource(files, `mirror${i}`), [Symbol.asyncDispose]: async () => {} };
      },
    })),
  };
}

function packed(files: Files): Files {
  // Level 0, since packing 55 MB well takes seconds and is not what is tested.
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes, { level: 0 })]),
  );
}

function altered(name: string): Files {
  const bytes = real[name]!.slice();
  bytes[bytes.length - 1]! ^= 1;
  return { ...real, [name]: bytes };
}

describe('findDataSet', () => {
  it('takes the cache first, then the system, and knows the data by its content', async () => {
    const data = await findDataSet(world(real, [{}], []));
    expect(data).toMatchObject({ name: 'fashion-mnist', where: 'cache' });
    expect(data.train).toMatchObject({
      count: 60_000,
      height: 28,
      width: 28,
      channels: 1,
      sha256: FASHION_MNIST_TRAIN,
    });
    expect(data.test.count).toBe(10_000);
    expect(data.test.classes).toBe(FASHION_MNIST_CLASSES);
    expect((await findDataSet(world({}, [{}, real], []))).where).toBe('system1');
  });

  it('fetches what is nowhere, from the first place that works, and keeps it', async () => {
    const places = world({}, [], [new FileError('mirror0/x: offline'), packed(altered(LABELS)), packed(real)]);
    const lines: string[] = [];
    const data = await findDataSet(places, line => lines.push(line));
    expect(data.where).toBe('cache');
    expect(Object.keys(places.kept).sort()).toEqual(Object.keys(packed(real)).sort());
    expect(lines.join('\n')).toContain('mirror0/x: offline');
    expect(lines.join('\n')).toContain(`mirror1/${LABELS}.gz: altered or damaged`);
  });

  it('goes on without a cache that cannot be written', async () => {
    const lines: string[] = [];
    const data = await findDataSet(world({}, [], [packed(real)], true), line => lines.push(line));
    expect(data.train.sha256).toBe(FASHION_MNIST_TRAIN);
    expect(lines.at(-1)).toMatch(/^cannot keep the data set for the next time: cache\/.*ENOSPC/);
  });

  it('refuses an altered or truncated file by name, with both hashes, and looks no further', async () => {
    const expected = FASHION_MNIST_FILES[LABELS].sha256;
    const message = new RegExp(`^cache/${LABELS}: altered or damaged: sha256 [0-9a-f]{64}, expected ${expected}`);
    await expect(findDataSet(world(altered(LABELS), [real], [packed(real)]))).rejects.toThrow(message);
    const short = { ...real, [LABELS]: real[LABELS]!.subarray(0, 5000) };
    await expect(findDataSet(world({}, [short], []))).rejects.toThrow(
      new RegExp(`^system0/${LABELS}: truncated: 5000 bytes of 10008`),
    );
  });

  it('says what to do when there is none', async () => {
    const finding = findDataSet(world({}, [], [new FileError('mirror0: offline')]));
    await expect(finding).rejects.toThrow(FileError);
    await expect(finding).rejects.toThrow(/name their folder with --data\n {2}mirror0: mirror0: offline/);
  });

  it('takes what the user chose, even if that is not there', async () => {
    const places = { ...world(real, [real], []), chosen: memorySource({}, 'mine') };
    await expect(findDataSet(places)).rejects.toThrow(/^mine\/train-images-idx3-ubyte: no such file/);
    const own = { ...world({}, [], []), chosen: memorySource(real, 'mine') };
    expect((await findDataSet(own)).train.classes).toBe(FASHION_MNIST_CLASSES);
    await expect(findDataSet(nodeDataPlaces('/nowhere/at/all'))).rejects.toThrow(
      /^\/nowhere\/at\/all: cannot read \(ENOENT\)/,
    );
  });
});
