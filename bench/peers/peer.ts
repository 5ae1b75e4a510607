/** What every contender is to the harness: something that prepares a piece of work, computes it and can be waited for. */
import type { Mode, Traded } from '../results.ts';
import type { Work } from '../suites.ts';

/** A contender cannot do this; the row says why. */
export class Unsupported extends Error {}

/** Contents of an input, float32, row-major. */
export interface Input {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What is to be prepared. `network` is the architecture of models, as weft's layers describe themselves. */
export interface Task {
  readonly work: Work;
  readonly mode: Mode;
  readonly inputs: Readonly<Record<string, Input>>;
  readonly network?: NetworkConfig;
}

/** A model as plain data (`Layer.toJSON`), with what it is trained with. */
export interface NetworkConfig {
  readonly layers: Readonly<Record<string, unknown>>;
  readonly optimizer: { readonly name: 'adam' | 'sgd'; readonly learningRate: number; readonly momentum: number };
}

export interface Prepared {
  /** Variants, flags or whatever else produced the figure. */
  readonly how?: string;
  readonly traded?: Traded;
  /** One call, handed over and not waited for. */
  call(): void | Promise<void>;
  /** Waits until every call has run to its end. */
  finish(): Promise<void>;
  /** Reads the result of the last call (the loss of a step), as a training loop does that looks at each. */
  read(): Promise<void>;
  dispose(): void;
}

/** What a contender computed before anything was timed. Kernels: their outputs. Training: the losses of the first steps. */
export type Outputs = Readonly<Record<string, Float32Array>>;

export interface Peer {
  readonly version: string;
  readonly device: string;
  /** Computes the work once, to be compared. @throws Unsupported */
  check(task: Task): Promise<Outputs>;
  /** Makes the work ready to be timed. @throws Unsupported */
  prepare(task: Task): Promise<Prepared>;
  /** Runs `fn` as one that waits for this peer: with the processor resting meanwhile where that is Dawn's to do. */
  resting<T>(fn: () => Promise<T>): Promise<T>;
  /** Device memory in use, where the peer can tell. */
  deviceBytes?(): number;
}

/** How often a training step is run before its losses are compared. */
export const CHECKED_STEPS = 2;
