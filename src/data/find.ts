import { FileError } from '../platform/errors.ts';
import type { DataPlaces, DataSource } from '../platform/platform.ts';
import type { DataSet } from './dataset.ts';
import { checkFashionMnist, FASHION_MNIST_FILES, type FashionMnistFile, loadFashionMnist } from './fashion-mnist.ts';
import { gunzip, pathIn } from './files.ts';
import { loadDataSet } from './load.ts';

const NAMES = Object.keys(FASHION_MNIST_FILES) as FashionMnistFile[];

/**
 * The data set to train on: the one that the user named, or Fashion-MNIST from the cache, from the system, or fetched
 * and kept. Every file of Fashion-MNIST is checked by its hash wherever it comes from. `log` gets a line for what
 * takes long or leaves the machine.
 */
export async function findDataSet(places: DataPlaces, log: (line: string) => void = () => {}): Promise<DataSet> {
  if (places.chosen) return await loadDataSet(places.chosen);
  for (const source of [places.cache, ...places.known]) {
    if (await isComplete(source)) return await loadFashionMnist(source);
  }
  const failures: string[] = [];
  for (const { from, fetch } of places.fetchers) {
    log(`fetching Fashion-MNIST (30 MB) from ${from}`);
    try {
      await using source = await fetch();
      return await keep(source, places, log);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      failures.push(`${from}: ${error.message}`);
      log(`that did not work: ${error.message}`);
    }
  }
  throw new FileError(
    `${places.cache.where}: Fashion-MNIST is not on this machine and could not be fetched; put its four files ` +
      `(${NAMES.join(', ')}, also as .gz) there, or name their folder with --data${failures.map(f => `\n  ${f}`).join('')}`,
  );
}

async function isComplete(source: DataSource): Promise<boolean> {
  const present = new Set((await source.list?.().catch(() => [])) ?? []);
  return NAMES.every(name => present.has(name) || present.has(`${name}.gz`));
}

/** Checks all files before it stores the first, so that the cache never holds a bad one. */
async function keep(source: DataSource, places: DataPlaces, log: (line: string) => void): Promise<DataSet> {
  const files = new Map<string, Uint8Array>();
  for (const name of NAMES) {
    const where = pathIn(source, `${name}.gz`);
    const packed = await source.read(`${name}.gz`);
    if (!packed) throw new FileError(`${where}: no such file`);
    await checkFashionMnist(name, await gunzip(packed, where, FASHION_MNIST_FILES[name].bytes), where);
    files.set(`${name}.gz`, packed);
  }
  try {
    for (const [name, bytes] of files) await places.cache.write(name, bytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    log(`cannot keep the data set for the next time: ${error.message}`);
    return await loadFashionMnist({ where: source.where, read: async name => files.get(name) });
  }
  return await loadFashionMnist(places.cache);
}
