import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../src/io/weights/index.ts';
import { FileError, WeftError } from '../../src/platform/errors.ts';
import { folderSource, parseHdf5 } from '../../src/platform/node.ts';
import { crafted, type Damaged, damage } from '../support/damage.ts';

const FILES = fileURLToPath(new URL('files/', import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(FILES + name));

/** What becomes of spoilt files: refused with a typed error, or read, when only a number was spoilt. */
async function outcomes(name: string, files: readonly Damaged[]): Promise<{ refused: number; other: string[] }> {
  const other: string[] = [];
  let refused = 0;
  for (const { what, bytes } of files) {
    try {
      await readWeights(bytes, name, { hdf5: parseHdf5, beside: folderSource(`${FILES}tfjs`) });
    } catch (error) {
      if (error instanceof WeftError) refused++;
      else other.push(`${what}: ${error}`);
    }
  }
  return { refused, other };
}

describe('spoilt files', () => {
  it.each([
    ['torch.safetensors', 300],
    ['bf16.safetensors', 300],
    ['expected.npz', 300],
    ['tfjs/model.json', 150],
    ['tfjs/uint8.json', 150],
    // Each takes a process of its own; npm run fuzz:formats reads hundreds.
    ['keras1.h5', 3],
    ['keras3.keras', 3],
  ])('%s is refused with a typed error, or read', async (name, count) => {
    const { refused, other } = await outcomes(name, damage(bytesOf(name), count, 11));
    expect(other).toEqual([]);
    expect(refused).toBeGreaterThan(0);
  });

  it.each(crafted().map(one => [one.name, one.what, one] as const))('%s: %s is refused', async (name, _, one) => {
    expect(await outcomes(name, [one])).toEqual({ refused: 1, other: [] });
  });

  it('are the same for the same seed', () => {
    const [a, b] = [1, 1].map(seed => damage(bytesOf('keras1.h5'), 20, seed).map(({ what }) => what));
    expect(a).toEqual(b);
  });
});

describe('parseHdf5', () => {
  it('kills the process that reads when it takes too long', async () => {
    await expect(parseHdf5(bytesOf('legacy.h5'), 'slow.h5', [], 0.001)).rejects.toThrow(
      /^slow\.h5: .* took more than 1 s/,
    );
  });

  it('gives arrays and texts, and leaves out what is to be skipped', async () => {
    const { datasets, attributes } = await parseHdf5(bytesOf('legacy.h5'), 'f', ['/optimizer_weights']);
    expect(datasets.filter(({ path }) => !path.startsWith('/model_weights/'))).toEqual([]);
    expect(attributes['/model_weights']?.layer_names).toContain('conv1');
  });

  it('refuses what is no HDF5 before any process starts', async () => {
    await expect(parseHdf5(new Uint8Array(100), 'f')).rejects.toThrow(FileError);
  });
});
