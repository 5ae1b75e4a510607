/**
 * A training in a small file: its curves, and its weights at some steps in float16, for a page that cannot train.
 *
 *     const bytes = await recordTraining(session, { steps: 600, about: { adapter, created } });     // 300 kB at most
 *     using playback = new Playback(readRecording(bytes, 'recording.safetensors'));
 *     playback.goTo(137);                              // the weights of the last kept step before
 *     playback.model                                   // runs in plain TypeScript: trace it, look at its arithmetic
 */
import { readSafetensors, type SafetensorsSource, writeSafetensors } from '../io/safetensors.ts';
import { Model, type ModelConfig } from '../nn/index.ts';
import { FileError, ValueError } from '../platform/errors.ts';
import { Engine } from '../tensor/engine.ts';
import type { RunOptions, TrainingSession, Validation } from '../train/session.ts';
import type { StepMetrics } from '../train/step-watch.ts';
import type { ParameterValues } from './arithmetic/index.ts';

export interface RecordingOptions extends RunOptions {
  /** Steps that are trained, from where the session stands. */
  readonly steps: number;
  /** What people should know of it: adapter, date, data, settings. */
  readonly about?: Readonly<Record<string, string>>;
  /** Bytes of the file at most; they decide how many steps' weights it holds. Default 300,000. */
  readonly budget?: number;
}

/** The weights of one step, rounded to float16. */
export interface Snapshot {
  readonly step: number;
  readonly values: ParameterValues;
}

export interface Recording {
  readonly model: ModelConfig;
  readonly about: Readonly<Record<string, string>>;
  /** Of every step, rounded to float32. */
  readonly history: readonly StepMetrics[];
  /** At the steps of the snapshots, if there were validation images. */
  readonly validations: readonly Validation[];
  /** By step, at least two: the first and the last. */
  readonly snapshots: readonly Snapshot[];
}

const FORMAT = 'weft recording 1';
const BUDGET = 300_000;
/** Bytes for a tensor's line in the header, and for all that is said besides. */
const HEADER_LINE = 110;
const HEADER = 6_000;

/**
 * Trains on, and keeps what happens. Steps are kept ever more rarely, since weights move most in the beginning.
 * @throws ValueError when not even the first and the last step's weights fit; else as `run` of the session.
 */
export async function recordTraining(session: TrainingSession, options: RecordingOptions): Promise<Uint8Array> {
  const { steps, about = {}, budget = BUDGET, ...running } = options;
  const { model } = session;
  const start = session.position.step;
  const names = [...model.parameters.segments, ...model.parameters.stateSegments];
  const size = names.reduce((sum, segment) => sum + 2 * segment.size + HEADER_LINE, 0);
  const room = budget - HEADER - 8 * (start + steps) - JSON.stringify(model.toJSON()).length;
  const count = Math.floor(room / size);
  if (count < 2) {
    throw new ValueError(
      `recording: two steps' weights of '${model.name}' do not fit into ${budget} bytes; record a smaller net`,
    );
  }
  const tensors: Record<string, SafetensorsSource> = {};
  const kept = spread(steps, count).map(step => start + step);
  for (const step of kept) {
    await session.goTo(step, running);
    if (session.hasValidation) await session.evaluate();
    for (const [name, { shape, data }] of await model.parameters.read()) {
      tensors[`${step}/${name}`] = { shape, data: Float32Array.from(data), half: true };
    }
  }
  const { history, validations } = session;
  const curve = (key: 'loss' | 'accuracy') => {
    const data = Float32Array.from(history, metrics => metrics[key]);
    return { shape: [data.length], data };
  };
  const said = { model: model.toJSON(), about, validations, steps: kept };
  return writeSafetensors(
    { ...tensors, 'history.loss': curve('loss'), 'history.accuracy': curve('accuracy') },
    { format: FORMAT, recording: JSON.stringify(said) },
  );
}

/** `count` of the steps 0 to `last`, both among them, at growing distances. */
function spread(last: number, count: number): number[] {
  const later = Array.from({ length: count - 1 }, (_, i) => Math.round(last ** ((i + 1) / (count - 1))));
  return [...new Set([0, ...later])];
}

/** @throws FileError when the bytes are truncated or no recording. */
export function readRecording(bytes: Uint8Array, where: string): Recording {
  const { metadata, tensors } = readSafetensors(bytes, where);
  if (metadata.format !== FORMAT || metadata.recording === undefined) {
    throw new FileError(
      `${where}: not a recording of this version (${metadata.format ?? 'no format'}); record it anew`,
    );
  }
  let said: Omit<Recording, 'history' | 'snapshots'> & { readonly steps: readonly number[] };
  try {
    said = JSON.parse(metadata.recording);
  } catch (cause) {
    throw new FileError(`${where}: what it says is damaged; get a fresh copy`, { cause });
  }
  const { steps, ...rest } = said;
  const curve = (name: string): Float32Array => {
    const data = tensors.get(name)?.data;
    if (data instanceof Float32Array) return data;
    throw new FileError(`${where}: it has no '${name}'; get a fresh copy`);
  };
  const accuracies = curve('history.accuracy');
  const history = Array.from(curve('history.loss'), (loss, i) => ({ step: i + 1, loss, accuracy: accuracies[i]! }));
  const snapshots = steps.map((step): Snapshot => {
    const prefix = `${step}/`;
    const own = [...tensors].filter(([name]) => name.startsWith(prefix));
    const values = own.map(
      ([name, { shape, data }]) => [name.slice(prefix.length), { shape, data: data as Float32Array }] as const,
    );
    return { step, values: new Map(values) };
  });
  return { ...rest, history, snapshots };
}

/** A recorded model that runs without a GPU, in float64, with the weights of any of its snapshots. */
export class Playback implements Disposable {
  readonly model: Model;
  private readonly engine = Engine.reference();
  private current: Snapshot;

  /** Stands at the first snapshot. @throws FileError, ValueError for a recording that does not fit its own model. */
  constructor(readonly recording: Recording) {
    this.model = Model.fromJSON(this.engine, recording.model);
    this.current = recording.snapshots[0]!;
    this.goTo(this.current.step);
  }

  /** The snapshot whose weights the model has. */
  get snapshot(): Snapshot {
    return this.current;
  }

  /** Gives the model the weights of the last snapshot that is not behind `step`, of the first if all are. */
  goTo(step: number): Snapshot {
    const { snapshots } = this.recording;
    this.current = snapshots.findLast(one => one.step <= step) ?? snapshots[0]!;
    for (const [name, { data }] of this.current.values) this.model.parameters.get(name).write(data);
    return this.current;
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
    this.engine[Symbol.dispose]();
  }
}
