import { sha256 } from '../data/dataset.ts';
import { readSafetensors, type SafetensorsEntry, type SafetensorsSource, writeSafetensors } from '../io/safetensors.ts';
import type { Shape } from '../kernels/spec.ts';
import type { ModelConfig } from '../nn/index.ts';
import { FileError } from '../platform/errors.ts';
import type { TrainingOptions } from './config.ts';
import type { Edit } from './edits.ts';
import type { Arrays } from './step.ts';
import type { StepMetrics } from './step-watch.ts';
import type { Moment } from './timeline.ts';

/** A session as plain values and arrays. */
export interface SessionRecord {
  readonly about: {
    readonly model: ModelConfig;
    readonly training: TrainingOptions;
    readonly budget: number;
    /** Steps between two kept moments. */
    readonly every: number;
    /** See `hashProgram`: with another program it would go on to other bits. */
    readonly program: string;
    /** Of the data. */
    readonly data: string;
    /** Where it stands. */
    readonly step: number;
    readonly edits: readonly Edit[];
    readonly validations: readonly Validation[];
  };
  /** Which images it learns from. */
  readonly train: Uint32Array;
  readonly validation: Uint32Array | undefined;
  /** Of every recorded step. */
  readonly history: readonly StepMetrics[];
  /** By step, at least one. */
  readonly moments: readonly Moment[];
}

/** How the model did on the validation images after a step. */
export interface Validation {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
}

const FORMAT = 'weft session 1';

type Tensors = Record<string, Pick<SafetensorsEntry, 'shape' | 'data'>>;

/** One safetensors file: `137/parameters` are the parameters after 137 steps; what a moment shares with the one before it is not repeated. */
export async function encodeSession({
  about,
  train,
  validation,
  history,
  moments,
}: SessionRecord): Promise<Uint8Array> {
  const flat = (data: SafetensorsSource['data']): SafetensorsSource => ({ shape: [data.length], data });
  const tensors: Record<string, SafetensorsSource> = {
    train: flat(train),
    ...(validation && { validation: flat(validation) }),
    'history.loss': flat(Float64Array.from(history, ({ loss }) => loss)),
    'history.accuracy': flat(Float64Array.from(history, ({ accuracy }) => accuracy)),
  };
  let before: Arrays = {};
  for (const { step, arrays } of moments) {
    for (const [name, data] of Object.entries(arrays)) {
      if (before[name] !== data) tensors[`${step}/${name}`] = flat(data);
    }
    before = arrays;
  }
  const text = JSON.stringify({ ...about, moments: moments.map(({ step }) => step) });
  return writeSafetensors(tensors, { format: FORMAT, session: text, checksum: await checksum(text, tensors) });
}

/** @throws FileError when the bytes are truncated, altered or no session. */
export async function decodeSession(bytes: Uint8Array, where: string): Promise<SessionRecord> {
  const { metadata, tensors } = readSafetensors(bytes, where);
  const { format, session, checksum: expected } = metadata;
  if (format !== FORMAT || session === undefined) {
    throw new FileError(
      `${where}: not a session of this version (${format ?? 'no format'}); open one that it has saved`,
    );
  }
  const arrays: Tensors = Object.fromEntries(tensors);
  if ((await checksum(session, arrays)) !== expected) {
    throw new FileError(`${where}: it has been altered or damaged since it was saved; get a fresh copy`);
  }
  const { moments: steps, ...about } = parse(session, where);
  const { train, validation, 'history.loss': loss, 'history.accuracy': accuracy, ...kept } = arrays;
  if (!isOf(Uint32Array, train) || !isOf(Float64Array, loss) || !isOf(Float64Array, accuracy) || steps.length === 0) {
    throw new FileError(`${where}: a session without its images, its history or a moment; get a fresh copy`);
  }
  const moments: Moment[] = [];
  for (const step of steps) moments.push({ step, arrays: { ...moments.at(-1)?.arrays, ...arraysOf(kept, step) } });
  return {
    about,
    train: train.data,
    validation: isOf(Uint32Array, validation) ? validation.data : undefined,
    history: Array.from(loss.data, (value, i) => ({ step: i + 1, loss: value, accuracy: accuracy.data[i]! })),
    moments,
  };
}

function parse(text: string, where: string): SessionRecord['about'] & { readonly moments: readonly number[] } {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${where}: what it says about the session is damaged; get a fresh copy`, { cause });
  }
}

function isOf<A>(
  type: new (length: number) => A,
  entry: Tensors[string] | undefined,
): entry is { shape: Shape; data: A & SafetensorsEntry['data'] } {
  return entry?.data instanceof type;
}

function arraysOf(tensors: Tensors, step: number): Arrays {
  const prefix = `${step}/`;
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, { data }]) => [name.slice(prefix.length), data as Float32Array]));
}

/** SHA-256 over everything that the file holds: its structure alone would not tell a changed number. */
async function checksum(text: string, tensors: Tensors): Promise<string> {
  const parts = [text];
  for (const [name, { data }] of Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1))) {
    parts.push(name, await sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  }
  return await sha256(new TextEncoder().encode(parts.join('\n')));
}
