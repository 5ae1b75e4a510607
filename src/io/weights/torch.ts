/** Weights as PyTorch names and lays them out, in a safetensors file: `features.0.weight` [out, in, rows, columns]. */
import { FileError } from '../../platform/errors.ts';
import type { SafetensorsEntry, SafetensorsFile } from '../safetensors.ts';
import { NamedTensors, type WeightFile } from './named.ts';

/** weft and Keras call nothing a `weight`. */
export function isTorch({ tensors }: SafetensorsFile): boolean {
  return [...tensors.keys()].some(name => /(^|\.)weight$/.test(name));
}

const NORM: Readonly<Record<string, string>> = {
  weight: 'gamma',
  bias: 'beta',
  running_mean: 'running_mean',
  running_var: 'running_variance',
};

/**
 * Kernels OIHW become HWIO, those of linear layers [out, in] become [in, out]. A linear layer right behind a flattened
 * picture keeps its rows in the order of PyTorch, channels slowest: flatten [C, H, W] to use it.
 * @throws FileError naming an array that no layer of weft has.
 */
export function readTorch(file: SafetensorsFile): WeightFile {
  const { where, tensors } = file;
  const named = new NamedTensors(where);
  for (const [name, entry] of tensors) {
    const dot = name.lastIndexOf('.');
    const [layer, own] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
    // How often a batch norm was trained: it plays no part where its momentum is a number.
    if (own === 'num_batches_tracked') continue;
    const { shape, data } = entry;
    const fail = (): never => {
      throw new FileError(
        `${where}: '${name}' [${shape.join(', ')}] is ${entry.dtype}: weft has no layer with such an array; it takes ` +
          'convolutions of one group, linear layers and batch norms of floats',
      );
    };
    if (layer === '' || !isFloats(entry)) fail();
    const values = Float32Array.from(data as Float32Array);
    if (tensors.has(`${layer}.running_mean`)) {
      if (!Object.hasOwn(NORM, own) || shape.length !== 1) fail();
      named.add(`${layer}.${NORM[own]}`, shape, values);
    } else if (own === 'bias' && shape.length === 1) named.add(`${layer}.bias`, shape, values);
    else if (own === 'weight' && (shape.length === 2 || shape.length === 4)) {
      named.add(`${layer}.kernel`, [...shape.slice(2), shape[1]!, shape[0]!], toLast(shape, values));
    } else fail();
  }
  return named.finish('PyTorch, safetensors');
}

const isFloats = ({ data }: SafetensorsEntry): boolean => data instanceof Float32Array || data instanceof Float64Array;

/** [out, in, ...window] to [...window, in, out]. */
function toLast([out = 0, input = 0, ...window]: readonly number[], values: Float32Array): Float32Array {
  const area = window.reduce((product, n) => product * n, 1);
  const moved = new Float32Array(values.length);
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < input; i++) {
      for (let k = 0; k < area; k++) moved[(k * input + i) * out + o] = values[(o * input + i) * area + k]!;
    }
  }
  return moved;
}
