import type { NpyArray } from '../io/npy.ts';
import { readNpz } from '../io/npz.ts';
import { FileError } from '../platform/errors.ts';
import type { DataSource } from '../platform/platform.ts';
import { type DataSet, type ImageData8, makeImageData, readClasses } from './dataset.ts';
import { FASHION_MNIST_CLASSES, FASHION_MNIST_TRAIN } from './fashion-mnist.ts';
import { pathIn, readIfThere } from './files.ts';
import { parseIdxImages, parseIdxLabels } from './idx.ts';

type Part = 'train' | 'test';

/** The four files of MNIST and of all its followers; each may also end in .gz, and some copies have a dot for a dash. */
const IDX_NAMES: Record<Part, { images: string; labels: string }> = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
};

/**
 * Reads any data set of labelled images: the four idx files of MNIST (plain or .gz), or one .npz with x_train,
 * y_train, x_test, y_test. Class names come from `classes.txt` beside them (one a line), from Fashion-MNIST where the
 * content is that, or else are the labels' numbers.
 */
export async function loadDataSet(source: DataSource, name?: string): Promise<DataSet> {
  const called = name ?? source.where.replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '');
  const npz = (await source.list?.())?.filter(file => file.endsWith('.npz')) ?? [];
  if (npz.length > 1) {
    throw new FileError(`${source.where}: holds ${npz.length} .npz files (${npz.join(', ')}); leave one`);
  }
  const classes = await readClasses(source);
  const bytes = npz[0] === undefined ? undefined : await source.read(npz[0]);
  const part = bytes ? npzReader(bytes, pathIn(source, npz[0]!)) : idxReader(source);
  const [train, test] = [await part('train', classes, called), await part('test', classes, called)];
  if (test.height !== train.height || test.width !== train.width || test.channels !== train.channels) {
    const [a, b] = [train, test].map(p => `${p.height}x${p.width}x${p.channels}`);
    throw new FileError(`${source.where}: training images are ${a}, test images ${b}; they must be of one size`);
  }
  return { name: called, where: source.where, ...nameClasses(train, test) };
}

/** Both parts with the same class names, also when the largest label of one is missing in the other. */
function nameClasses(train: ImageData8, test: ImageData8): { train: ImageData8; test: ImageData8 } {
  let classes = train.classes.length >= test.classes.length ? train.classes : test.classes;
  if (train.sha256 === FASHION_MNIST_TRAIN) classes = FASHION_MNIST_CLASSES;
  return { train: { ...train, classes }, test: { ...test, classes } };
}

type PartReader = (part: Part, classes: string[] | undefined, name: string) => Promise<ImageData8>;

function idxReader(source: DataSource): PartReader {
  const find = async (name: string): Promise<Uint8Array> => {
    const bytes = (await readIfThere(source, name)) ?? (await readIfThere(source, name.replace('-idx', '.idx')));
    if (bytes) return bytes;
    throw new FileError(
      `${pathIn(source, name)}: no such file, nor with .gz; a data set is the four idx files of MNIST ` +
        '(train-images-idx3-ubyte, ...) or one .npz with x_train, y_train, x_test, y_test',
    );
  };
  return async (part, classes, name) => {
    const names = IDX_NAMES[part];
    const where = pathIn(source, names.images);
    const { data, shape } = parseIdxImages(await find(names.images), where);
    const labels = parseIdxLabels(await find(names.labels), pathIn(source, names.labels));
    return await makeImageData({ images: data, shape, labels, classes, name: `${name} ${part}`, where });
  };
}

function npzReader(bytes: Uint8Array, where: string): PartReader {
  const arrays = readNpz(bytes, where, { only: ['x_train', 'y_train', 'x_test', 'y_test'] });
  const find = (name: string): NpyArray => {
    const array = arrays.get(name);
    if (!array) throw new FileError(`${where}: has no array ${name}; it needs x_train, y_train, x_test and y_test`);
    return array;
  };
  return async (part, classes, name) => {
    const x = find(`x_${part}`);
    const at = `${where} (x_${part})`;
    if (!(x.data instanceof Uint8Array)) {
      throw new FileError(`${at}: is ${x.dtype}; save images as numpy.uint8, 0 to 255`);
    }
    const labels = toLabels(find(`y_${part}`), `${where} (y_${part})`);
    return await makeImageData({ images: x.data, shape: x.shape, labels, classes, name: `${name} ${part}`, where: at });
  };
}

function toLabels(array: NpyArray, where: string): Uint8Array {
  const [count = 0, ...rest] = array.shape;
  if (rest.some(size => size !== 1)) {
    throw new FileError(
      `${where}: has shape [${array.shape}]; labels are [N] or [N,1] class numbers, not one-hot rows`,
    );
  }
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const label = Number(array.data[i]);
    if (!Number.isInteger(label) || label < 0 || label > 255) {
      throw new FileError(`${where}: label ${label} at index ${i}; labels are whole numbers from 0 to 255`);
    }
    labels[i] = label;
  }
  return labels;
}
