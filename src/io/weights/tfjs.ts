/** Weights of a TensorFlow.js layers model: `model.json` says what there is, its shards hold the numbers. */
import { FileError } from '../../platform/errors.ts';
import type { DataSource } from '../../platform/platform.ts';
import { fromHalves } from '../half.ts';
import { parseJson } from '../json.ts';
import { NamedTensors, roleOf, type WeightFile } from './named.ts';

interface Quantization {
  readonly dtype: string;
  readonly scale?: number;
  readonly min?: number;
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: Quantization;
}

const BYTES: Readonly<Record<string, number>> = { float32: 4, float16: 2, uint16: 2, uint8: 1 };

/**
 * @param json the bytes of model.json.
 * @param shards where the files that it names lie.
 * @throws FileError naming a shard that is missing or of another length, or an array that no layer of weft has.
 */
export async function readTfjs(json: Uint8Array, where: string, shards: DataSource): Promise<WeightFile> {
  const model = parseJson(json, where) as { format?: unknown; weightsManifest?: unknown };
  if (model?.format !== 'layers-model') {
    throw new FileError(`${where}: its format is ${JSON.stringify(model?.format)}; weft reads 'layers-model' of tfjs`);
  }
  const tensors = new NamedTensors(where);
  if (!Array.isArray(model.weightsManifest)) throw new FileError(`${where}: has no weightsManifest; get a fresh copy`);
  for (const group of model.weightsManifest) {
    const { paths, weights } = checkGroup(group, where);
    const bytes = await readShards(paths, where, shards);
    let at = 0;
    for (const weight of weights) {
      const size = weight.shape.reduce((product, n) => product * n, 1);
      const stored = weight.quantization?.dtype ?? weight.dtype;
      const end = at + size * BYTES[stored]!;
      if (!(end <= bytes.length)) {
        throw new FileError(
          `${where}: array '${weight.name}' ends at byte ${end} of ${bytes.length}; get fresh shards`,
        );
      }
      tensors.add(nameOf(weight.name, where), weight.shape, dequantize(bytes.slice(at, end), stored, weight));
      at = end;
    }
    if (at !== bytes.length) {
      throw new FileError(
        `${where}: ${bytes.length - at} bytes of ${paths.join(', ')} are left over; get fresh shards`,
      );
    }
  }
  return tensors.finish('tfjs layers-model');
}

/** Everything that is used later is checked here. */
function checkGroup(group: unknown, where: string): { paths: readonly string[]; weights: readonly Weight[] } {
  const { paths, weights } = (group ?? {}) as { paths?: unknown; weights?: unknown };
  if (!Array.isArray(paths) || !paths.every(path => typeof path === 'string') || !Array.isArray(weights)) {
    throw new FileError(`${where}: its weightsManifest has no lists of paths and weights; get a fresh copy`);
  }
  for (const path of paths) {
    // Only files beside the model: a path must not lead out of its folder.
    if (!/^[\w.-]+$/.test(path) || path.startsWith('.')) {
      throw new FileError(`${where}: shard '${path}' is no plain file name; weft reads shards beside the model`);
    }
  }
  for (const weight of weights as (Partial<Weight> | null)[]) {
    const { name, shape, dtype, quantization } = weight ?? {};
    const isShape = Array.isArray(shape) && shape.every(n => Number.isSafeInteger(n) && n >= 0);
    if (typeof name !== 'string' || !isShape) {
      throw new FileError(`${where}: an array without name or shape: ${brief(weight)}; get a fresh copy`);
    }
    const stored = quantization ? quantization.dtype : dtype;
    const isQuantized = stored === 'uint8' || stored === 'uint16';
    const known = quantization ? isQuantized || stored === 'float16' : stored === 'float32';
    if (!known || dtype !== 'float32') {
      throw new FileError(
        `${where}: array '${name}' is ${brief(dtype)}, stored as ${brief(stored)}; weft reads float32, as it is or ` +
          'quantized to float16, uint16 or uint8',
      );
    }
    if (isQuantized && !(Number.isFinite(quantization!.scale) && Number.isFinite(quantization!.min))) {
      throw new FileError(`${where}: array '${name}' is quantized without scale and min; get a fresh copy`);
    }
  }
  return { paths, weights: weights as Weight[] };
}

const brief = (value: unknown): string => String(JSON.stringify(value)).slice(0, 100);

async function readShards(paths: readonly string[], where: string, shards: DataSource): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const path of paths) {
    const part = await shards.read(path);
    if (!part) throw new FileError(`${where}: shard '${path}' is missing; put it beside the model`);
    parts.push(part);
  }
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** value = quantized * scale + min. `bytes` start their own buffer. */
function dequantize(bytes: Uint8Array, stored: string, { quantization }: Weight): Float32Array {
  const { buffer } = bytes;
  if (stored === 'float32') return new Float32Array(buffer as ArrayBuffer);
  if (stored === 'float16') return fromHalves(new Uint16Array(buffer as ArrayBuffer));
  const codes = stored === 'uint8' ? bytes : new Uint16Array(buffer as ArrayBuffer);
  const { scale = 1, min = 0 } = quantization!;
  return Float32Array.from(codes, code => code * scale + min);
}

/** `conv1/kernel`, or of a model inside a model `model/conv1/kernel`. */
function nameOf(name: string, where: string): string {
  const parts = name.split('/');
  const role = roleOf(parts.pop()!, where, name);
  return [...parts, role].join('.');
}
