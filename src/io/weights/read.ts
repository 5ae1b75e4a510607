import { FileError } from '../../platform/errors.ts';
import type { DataSource, Hdf5Parser } from '../../platform/platform.ts';
import { readNpz } from '../npz.ts';
import { readSafetensors } from '../safetensors.ts';
import { readZip } from '../zip.ts';
import { KERAS_SKIP, readKeras } from './keras.ts';
import { NamedTensors, type WeightFile } from './named.ts';
import { readTfjs } from './tfjs.ts';
import { isTorch, readTorch } from './torch.ts';

export interface ReadWeightsOptions {
  /** What reads HDF5: `parseHdf5` of weft-gpu/node. A page has none; convert such a file beforehand. */
  readonly hdf5?: Hdf5Parser | undefined;
  /** Where the shards of a tfjs model lie. */
  readonly beside?: DataSource | undefined;
}

const HDF5_SIGNATURE = [0x89, 0x48, 0x44, 0x46];
const ZIP_SIGNATURE = [0x50, 0x4b];
const KERAS_WEIGHTS = 'model.weights.h5';

/**
 * Weights from whatever they were kept in, known by its first bytes: Keras HDF5 (legacy and Keras 3), `.keras`, model.json of
 * tfjs, safetensors (weft's and PyTorch's), npz. Names and layout of the result are weft's: `layer.kernel` HWIO,
 * `layer.bias`, `layer.gamma`.
 * @throws FileError when the file is damaged, or holds what no layer of weft has.
 */
export async function readWeights(
  bytes: Uint8Array,
  where: string,
  options: ReadWeightsOptions = {},
): Promise<WeightFile> {
  if (startsWith(bytes, HDF5_SIGNATURE)) return await readHdf5(bytes, where, options);
  if (startsWith(bytes, ZIP_SIGNATURE)) {
    const wants = (name: string) => name === KERAS_WEIGHTS;
    const weights = readZip(bytes, where, { wants }).get(KERAS_WEIGHTS);
    return weights ? await readHdf5(weights, `${where} (${KERAS_WEIGHTS})`, options) : readArrays(bytes, where);
  }
  // A safetensors file starts with the length of its header: no text of any real length.
  if (/^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 8)))) {
    if (!options.beside) throw new FileError(`${where}: a model.json needs its shards; say where they lie`);
    return await readTfjs(bytes, where, options.beside);
  }
  const file = readSafetensors(bytes, where);
  return isTorch(file) ? readTorch(file) : file;
}

const startsWith = (bytes: Uint8Array, signature: readonly number[]): boolean =>
  signature.every((byte, i) => bytes[i] === byte);

async function readHdf5(bytes: Uint8Array, where: string, { hdf5 }: ReadWeightsOptions): Promise<WeightFile> {
  if (!hdf5) {
    throw new FileError(`${where}: HDF5 is read in Node only; make a safetensors file of it there with 'weft convert'`);
  }
  return readKeras(await hdf5(bytes, where, KERAS_SKIP), where);
}

/** Arrays of npz by their names, in which a slash may stand for a dot. */
function readArrays(bytes: Uint8Array, where: string): WeightFile {
  const tensors = new NamedTensors(where);
  for (const [name, { data, shape, dtype }] of readNpz(bytes, where)) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      throw new FileError(`${where}: array '${name}' is of type ${dtype}; weights are float32 or float64`);
    }
    tensors.add(name.replaceAll('/', '.'), shape, Float32Array.from(data));
  }
  return tensors.finish('NumPy npz');
}
