import { readSafetensors, writeSafetensors } from '../io/safetensors.ts';
import { FileError } from '../platform/errors.ts';
import type { Evaluation } from './evaluate.ts';

/** A model's logits on some images, and what these are. */
export interface Outputs {
  /** [images, classes]. */
  readonly logits: Float32Array;
  readonly labels: Uint8Array;
  readonly classes: number;
}

/** On the test images and, where some were held back, on the validation images. */
export interface RunOutputs {
  readonly test: Outputs;
  readonly validation?: Outputs;
}

/** Name of the file within a run's folder. */
export const OUTPUTS_FILE = 'outputs.safetensors';
const FORMAT = 'weft outputs 1';

/**
 * Logits of the test and validation images as a safetensors file: `test.logits` f32 [images, classes], `test.labels` u8
 * [images], `validation.*` likewise. Whatever a reader wants to know of single images follows from it without the model.
 */
export function encodeOutputs(test: Evaluation, validation?: Evaluation): Uint8Array {
  const parts = Object.entries({ test, ...(validation && { validation }) });
  const tensors = parts.flatMap(([name, { logits, labels }]) => [
    [`${name}.logits`, { shape: [labels.length, logits.length / labels.length], data: logits }] as const,
    [`${name}.labels`, { shape: [labels.length], data: labels }] as const,
  ]);
  return writeSafetensors(Object.fromEntries(tensors), { format: FORMAT });
}

/** @param where what messages call the file. @throws FileError when it is damaged or holds something else. */
export function readOutputs(bytes: Uint8Array, where: string): RunOutputs {
  const { metadata, tensors } = readSafetensors(bytes, where);
  const part = (name: string): Outputs | undefined => {
    const [logits, labels] = [tensors.get(`${name}.logits`), tensors.get(`${name}.labels`)];
    const [images, classes] = logits?.shape ?? [];
    if (!(logits?.data instanceof Float32Array && labels?.data instanceof Uint8Array)) return undefined;
    if (logits.shape.length !== 2 || labels.shape.length !== 1 || labels.shape[0] !== images) return undefined;
    return { logits: logits.data, labels: labels.data, classes: classes! };
  };
  const [test, validation] = [part('test'), part('validation')];
  if (metadata.format !== FORMAT || !test) {
    throw new FileError(`${where}: holds no outputs of a run (format '${metadata.format}'); have the run tested again`);
  }
  return { test, ...(validation && { validation }) };
}
