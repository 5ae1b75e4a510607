import { writeSafetensors } from '../io/safetensors.ts';
import type { Model } from '../nn/index.ts';

/** What a network computes with: its parameters, trained and frozen, and the state of its batch norms. */
export interface UsedArrays {
  readonly parameters: Float32Array;
  readonly frozen?: Float32Array;
  readonly state?: Float32Array;
}

/** A model's weights as a file, from flat arrays instead of from the device. */
export function encodeModel(model: Model, used: UsedArrays, metadata: Readonly<Record<string, string>>): Uint8Array {
  const { segments, stateSegments } = model.parameters;
  const cut = (flat: Float32Array, { name, shape, start, size }: (typeof segments)[number]) =>
    [name, { shape, data: flat.slice(start, start + size) }] as const;
  const tensors = [
    ...segments.map(segment => cut(segment.trainable ? used.parameters : used.frozen!, segment)),
    ...stateSegments.map(segment => cut(used.state!, segment)),
  ];
  return writeSafetensors(Object.fromEntries(tensors), metadata);
}

/** Gives a model these values. */
export function writeModel(model: Model, used: UsedArrays): void {
  model.parameters.values.write(used.parameters);
  if (used.frozen) model.parameters.frozen?.write(used.frozen);
  if (used.state) model.parameters.state?.write(used.state);
}
