import { FileError } from '../platform/errors.ts';
import type { DataSource } from '../platform/platform.ts';
import { type DataSet, makeImageData, sha256 } from './dataset.ts';
import { pathIn, readIfThere } from './files.ts';
import { parseIdxImages, parseIdxLabels } from './idx.ts';

/**
 * Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
 * Algorithms" (2017), MIT licence. 60,000 and 10,000 grey images of 28 x 28 in ten classes.
 */
export const FASHION_MNIST_CLASSES: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** SHA-256 and length of each file, unpacked: compressed ones differ from one distributor to the next. */
export const FASHION_MNIST_FILES = {
  'train-images-idx3-ubyte': {
    sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    bytes: 47_040_016,
  },
  'train-labels-idx1-ubyte': {
    sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    bytes: 60_008,
  },
  't10k-images-idx3-ubyte': {
    sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    bytes: 7_840_016,
  },
  't10k-labels-idx1-ubyte': {
    sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    bytes: 10_008,
  },
} as const;

export type FashionMnistFile = keyof typeof FASHION_MNIST_FILES;

/** `ImageData8.sha256` of the 60,000 training images: tells this data set whatever files it came in. */
export const FASHION_MNIST_TRAIN = 'a74f4431851a474966d7bcb049ff737c1998241aa8e618aff9f13fc2d80c1c68';

/** Reads the four files from a place and checks each against its hash. A missing or altered one is a `FileError`. */
export async function loadFashionMnist(source: DataSource): Promise<DataSet> {
  const part = async (prefix: 'train' | 't10k', name: string) => {
    const images: FashionMnistFile = `${prefix}-images-idx3-ubyte`;
    const labels: FashionMnistFile = `${prefix}-labels-idx1-ubyte`;
    const where = pathIn(source, images);
    const { data, shape } = parseIdxImages(await readChecked(source, images), where);
    return await makeImageData({
      images: data,
      shape,
      labels: parseIdxLabels(await readChecked(source, labels), pathIn(source, labels)),
      classes: FASHION_MNIST_CLASSES,
      name: `fashion-mnist ${name}`,
      where,
    });
  };
  return {
    name: 'fashion-mnist',
    where: source.where,
    train: await part('train', 'train'),
    test: await part('t10k', 'test'),
  };
}

/** One of the four files, unpacked and checked. */
export async function readChecked(source: DataSource, name: FashionMnistFile): Promise<Uint8Array> {
  const bytes = await readIfThere(source, name);
  if (!bytes) throw new FileError(`${pathIn(source, name)}: no such file, nor with .gz`);
  await checkFashionMnist(name, bytes, pathIn(source, name));
  return bytes;
}

/** Refuses a file that is not, to the last bit, the published one. */
export async function checkFashionMnist(name: FashionMnistFile, bytes: Uint8Array, where: string): Promise<void> {
  const expected = FASHION_MNIST_FILES[name];
  if (bytes.length < expected.bytes) {
    throw new FileError(
      `${where}: truncated: ${bytes.length} bytes of ${expected.bytes}; delete it, a fresh copy is fetched`,
    );
  }
  const found = await sha256(bytes);
  if (found !== expected.sha256) {
    throw new FileError(
      `${where}: altered or damaged: sha256 ${found}, expected ${expected.sha256}; delete it, a fresh copy is fetched, ` +
        'or name a data set of your own with --data',
    );
  }
}
