import { readSafetensors, type SafetensorsSource, writeSafetensors } from '../io/safetensors.ts';
import { FileError } from '../platform/errors.ts';
import type { EpochMetrics } from './events.ts';

/** Where a run stands, as plain values. */
export interface RunPosition {
  /** The epoch that comes next or is under way, from 1; epochs + 1 when the run is done. */
  readonly epoch: number;
  /** Steps of that epoch that are done. */
  readonly stepInEpoch: number;
  /** Steps of the run that are done. */
  readonly step: number;
  /** Seconds of that epoch that have been spent. */
  readonly seconds: number;
  /** The finished epochs. */
  readonly history: readonly EpochMetrics[];
  /** The epoch whose weights early stopping would give back, if it is on. */
  readonly bestEpoch?: number;
  /** See `hashProgram`: with another program the run would go on to other bits. */
  readonly program: string;
}

/**
 * Everything a run needs to go on with the very bits an unbroken one would have had. The arrays are the flat tensors of
 * the run by name: parameters, state, optimizer's moments, averages, the epoch's sums so far, and the best weights.
 */
export interface Checkpoint {
  readonly position: RunPosition;
  readonly arrays: Readonly<Record<string, Float32Array | Uint32Array>>;
}

const FORMAT = 'weft checkpoint 2';

/** One file, so that a checkpoint is either the old one or the whole new one. */
export function encodeCheckpoint({ position, arrays }: Checkpoint): Uint8Array {
  const tensors: Record<string, SafetensorsSource> = {};
  for (const [name, data] of Object.entries(arrays)) tensors[name] = { shape: [data.length], data };
  return writeSafetensors(tensors, { format: FORMAT, position: JSON.stringify(position) });
}

/** @throws FileError when the file is truncated, altered or no checkpoint. */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { metadata, tensors } = readSafetensors(bytes, where);
  if (metadata.format !== FORMAT || metadata.position === undefined) {
    throw new FileError(
      `${where}: not a checkpoint of this version (${metadata.format ?? 'no format'}); start a new run`,
    );
  }
  const arrays: Record<string, Float32Array | Uint32Array> = {};
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array) && !(data instanceof Uint32Array)) {
      throw new FileError(`${where}: '${name}' has a type that no checkpoint holds; get a fresh copy`);
    }
    arrays[name] = data;
  }
  let position: RunPosition;
  try {
    position = JSON.parse(metadata.position) as RunPosition;
  } catch (cause) {
    throw new FileError(`${where}: its position is damaged; start a new run`, { cause });
  }
  return { position, arrays };
}
