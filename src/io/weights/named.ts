import { FileError } from '../../platform/errors.ts';
import type { SafetensorsEntry, SafetensorsFile } from '../safetensors.ts';

/** Weights by weft's names and in weft's layout, wherever they come from: `conv1.kernel` [rows, columns, in, out]. */
export type WeightFile = SafetensorsFile;

/** What weft calls a layer's arrays, by what other systems call them. */
export const ROLES: Readonly<Record<string, string>> = {
  kernel: 'kernel',
  W: 'kernel',
  bias: 'bias',
  b: 'bias',
  gamma: 'gamma',
  beta: 'beta',
  moving_mean: 'running_mean',
  moving_variance: 'running_variance',
  running_mean: 'running_mean',
  running_variance: 'running_variance',
  // Keras 1 called the variance so, and its files of ResNet still do.
  running_std: 'running_variance',
};

/** @throws FileError naming an array that no layer of weft has. */
export function roleOf(name: string, where: string, array: string): string {
  if (Object.hasOwn(ROLES, name)) return ROLES[name]!;
  throw new FileError(
    `${where}: '${array}': weft has no layer with a '${name}'; it takes convolutions, dense layers and batch norms`,
  );
}

/** Tensors by name, none twice. */
export class NamedTensors {
  private readonly tensors = new Map<string, SafetensorsEntry>();

  constructor(private readonly where: string) {}

  /** @throws FileError when there is one of that name already. */
  add(name: string, shape: readonly number[], data: Float32Array): void {
    if (this.tensors.has(name)) {
      throw new FileError(`${this.where}: two arrays would be called '${name}'; give their layers names of their own`);
    }
    this.tensors.set(name, { dtype: 'F32', shape, data });
  }

  /** @param format what they were read from. */
  finish(format: string): WeightFile {
    if (this.tensors.size === 0) throw new FileError(`${this.where}: holds no weights; name a file that does`);
    return { where: this.where, metadata: { format }, tensors: this.tensors };
  }
}
