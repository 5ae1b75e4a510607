import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../src/io/npz.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { fitTo, readWeights, type WeightFile, without } from '../../src/io/weights/index.ts';
import { FileError, ValueError } from '../../src/platform/errors.ts';
import { folderSource, parseHdf5 } from '../../src/platform/node.ts';
import type { DataSource, Hdf5Contents } from '../../src/platform/platform.ts';

const FILES = fileURLToPath(new URL('files/', import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(FILES + name));
const read = (name: string) => readWeights(bytesOf(name), name, { hdf5: parseHdf5 });
const expected = readNpz(bytesOf('expected.npz'), 'expected.npz');

/** Everything by name; the largest difference from what the tool itself had. */
function differenceFrom(file: WeightFile): number {
  expect([...file.tensors.keys()].sort()).toEqual([...expected.keys()].sort());
  let largest = 0;
  for (const [name, { shape, data }] of expected) {
    const found = file.tensors.get(name)!;
    expect([name, found.shape]).toEqual([name, shape]);
    data.forEach((value: number | bigint, i: number) => {
      largest = Math.max(largest, Math.abs(Number(value) - Number(found.data[i])));
    });
  }
  return largest;
}

describe('readWeights', () => {
  it.each([
    ['keras1.h5', 'Keras HDF5, legacy layout'],
    ['legacy.h5', 'Keras HDF5, legacy layout'],
    ['keras3.weights.h5', 'Keras 3'],
    ['keras3.keras', 'Keras 3'],
    ['torch.safetensors', 'PyTorch, safetensors'],
    ['expected.npz', 'NumPy npz'],
  ])('reads %s as its tool wrote it', async (name, format) => {
    const file = await read(name);
    expect(file.metadata.format).toBe(format);
    expect(differenceFrom(file)).toBe(0);
  });

  it.each([
    ['f16.safetensors', 2 ** -11],
    ['bf16.safetensors', 2 ** -8],
  ])('reads %s within its rounding', async (name, relative) => {
    const largest = Math.max(...[...expected.values()].flatMap(({ data }) => [...data].map(v => Math.abs(Number(v)))));
    const difference = differenceFrom(await read(name));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThanOrEqual(largest * relative);
  });

  const decoded: Record<string, Record<string, number[]>> = JSON.parse(
    readFileSync(`${FILES}tfjs/decoded.json`, 'utf8'),
  );
  it.each(Object.keys(decoded))('reads tfjs, %s, as tfjs decodes it', async name => {
    const beside = folderSource(`${FILES}tfjs`);
    const { tensors } = await readWeights(bytesOf(`tfjs/${name}.json`), name, { beside });
    const values = Object.fromEntries(
      Object.entries(decoded[name]!).map(([key, list]) => [
        key.replace('/', '.').replace('moving', 'running'),
        Float32Array.from(list),
      ]),
    );
    expect(Object.fromEntries([...tensors].map(([key, { data }]) => [key, data]))).toEqual(values);
  });

  it('names what it cannot place', async () => {
    const hdf5 = (change: (contents: Hdf5Contents) => Hdf5Contents) => async (bytes: Uint8Array, where: string) =>
      change(await parseHdf5(bytes, where, ['/optimizer', '/optimizer_weights']));
    const attempt = (name: string, change: (contents: Hdf5Contents) => Hdf5Contents) =>
      readWeights(bytesOf(name), name, { hdf5: hdf5(change) });
    const extra = { path: '/conv9/conv9_W_1:0', shape: [1], type: '<f', data: new Float32Array(1) };
    await expect(
      attempt('keras1.h5', c => ({ ...c, datasets: c.datasets.filter(({ path }) => !path.includes('conv2_b')) })),
    ).rejects.toThrow("keras1.h5: array '/conv2/conv2_b_1:0' is missing");
    await expect(attempt('keras1.h5', c => ({ ...c, datasets: [...c.datasets, extra] }))).rejects.toThrow(
      'keras1.h5: left over: /conv9/conv9_W_1:0',
    );
    const strange = { ...extra, path: '/layers/lstm/cell/vars/0' };
    await expect(attempt('keras3.weights.h5', c => ({ ...c, datasets: [...c.datasets, strange] }))).rejects.toThrow(
      "'/layers/lstm/cell/vars/0': weft cannot say what it is",
    );
    const three = (c: Hdf5Contents) => c.datasets.filter(({ path }) => !path.endsWith('batch_normalization/vars/3'));
    await expect(attempt('keras3.weights.h5', c => ({ ...c, datasets: three(c) }))).rejects.toThrow('3 arrays of 4');
    await expect(readWeights(bytesOf('keras1.h5'), 'f')).rejects.toThrow('f: HDF5 is read in Node only');
  });

  it('refuses tfjs shards that are missing, cut, too long or elsewhere', async () => {
    const shards = (change: (bytes: Uint8Array) => Uint8Array | undefined): DataSource => ({
      where: 'memory',
      read: async () => change(bytesOf('tfjs/uint8.bin')),
    });
    const json = bytesOf('tfjs/uint8.json');
    const attempt = (beside: DataSource, bytes = json) => readWeights(bytes, 'm', { beside });
    await expect(attempt(shards(() => undefined))).rejects.toThrow("m: shard 'uint8.bin' is missing");
    await expect(attempt(shards(bytes => bytes.subarray(1)))).rejects.toThrow(/ends at byte \d+ of \d+/);
    await expect(attempt(shards(bytes => new Uint8Array([...bytes, 0])))).rejects.toThrow(
      '1 bytes of uint8.bin are left',
    );
    const outside = new TextEncoder().encode(new TextDecoder().decode(json).replace('uint8.bin', '../uint8.bin'));
    await expect(
      attempt(
        shards(bytes => bytes),
        outside,
      ),
    ).rejects.toThrow("shard '../uint8.bin' is no plain file name");
  });
});

describe('fitTo', () => {
  /** Weights of a network, all zeros, by the names of another system. */
  function torchVgg16(): WeightFile {
    const tensors = new Map();
    let [number, channels] = [0, 3];
    for (const [count, filters] of [
      [2, 64],
      [2, 128],
      [3, 256],
      [3, 512],
      [3, 512],
    ] as const) {
      for (let i = 0; i < count; i++, number += 2) {
        const shape = [3, 3, channels, filters];
        tensors.set(`features.${number}.kernel`, { dtype: 'F32', shape, data: new Float32Array(0) });
        tensors.set(`features.${number}.bias`, { dtype: 'F32', shape: [filters], data: new Float32Array(0) });
        channels = filters;
      }
      number++;
    }
    return { where: 'f', metadata: {}, tensors };
  }

  it('renames what torchvision calls the layers of VGG16', () => {
    const { tensors, metadata } = fitTo(torchVgg16(), 'vgg16');
    expect([...tensors.keys()].at(-1)).toBe('block5.conv3.bias');
    expect(tensors.size).toBe(26);
    expect(metadata.network).toBe('vgg16');
  });

  it('names what is missing, misshapen and left over', () => {
    const file = torchVgg16();
    const tensors = new Map(file.tensors);
    tensors.delete('features.0.bias');
    tensors.set('features.2.kernel', { dtype: 'F32', shape: [1], data: new Float32Array(1) });
    tensors.set('classifier.0.kernel', { dtype: 'F32', shape: [1], data: new Float32Array(1) });
    const attempt = () => fitTo({ ...file, tensors }, 'vgg16');
    expect(attempt).toThrow(FileError);
    expect(attempt).toThrow("'block1.conv1.bias' [64] is missing");
    expect(attempt).toThrow("'features.2.kernel' is [1], vgg16 has [3, 3, 64, 64]");
    expect(attempt).toThrow("'classifier.0.kernel' is left over");
    expect(() => fitTo(file, 'vgg17')).toThrow(ValueError);
    expect(without({ ...file, tensors }, ['classifier']).tensors.size).toBe(tensors.size - 1);
    expect(() => without(file, ['classifier'])).toThrow("f: nothing is called 'classifier'");
  });

  it('counts the parameters of ResNet as its authors do', () => {
    // Without the dense layer on top; torchvision's own counts are 11,176,512, 21,284,672 and 23,508,032.
    const count = (network: string) => {
      const problems = (() => {
        try {
          fitTo({ where: 'f', metadata: {}, tensors: new Map() }, network);
        } catch (error) {
          return String(error);
        }
        return '';
      })();
      return [...problems.matchAll(/'[^']*\.(\w+)' \[([\d, ]+)\] is missing/g)]
        .filter(([, role]) => !role!.startsWith('running'))
        .reduce((sum, [, , shape]) => sum + shape!.split(', ').reduce((product, n) => product * Number(n), 1), 0);
    };
    expect(['resnet18', 'resnet34', 'resnet50'].map(count)).toEqual([11_176_512, 21_284_672, 23_508_032]);
  });
});

describe('float16 in safetensors', () => {
  it('is written as the nearest one, and refused where a number does not fit', () => {
    const data = Float32Array.of(1 / 3, -65504, 1e-9);
    const { tensors } = readSafetensors(writeSafetensors({ a: { shape: [3], data, half: true } }), 'f');
    expect(tensors.get('a')).toMatchObject({ dtype: 'F16', data: Float32Array.of(0.333251953125, -65504, 0) });
    const attempt = () => writeSafetensors({ a: { shape: [1], data: Float32Array.of(1e6), half: true } });
    expect(attempt).toThrow("tensor 'a' holds 1000000, which no float16 can hold");
  });
});
