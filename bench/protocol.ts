/**
 * How the harness and a contender's process talk: one JSON document a line, requests on stdin, replies on stdout, in
 * order. Each contender has a process of its own, so that none shares memory, threads or a device with another, and
 * its processor time and memory can be told apart. Tensors travel in files of raw float32.
 */
import type { NetworkConfig } from './peers/peer.ts';
import type { Mode, Traded } from './results.ts';
import type { Work } from './suites.ts';

/** Stands before every reply: native code of a framework may print to stdout what it pleases. */
export const REPLY = '@weft-bench ';

export interface FileInput {
  readonly path: string;
  readonly shape: readonly number[];
}

export interface TaskMessage {
  readonly work: Work;
  readonly mode: Mode;
  readonly inputs: Readonly<Record<string, FileInput>>;
  readonly network?: NetworkConfig;
}

export type Request =
  | { readonly do: 'open'; readonly peer: string; readonly adapter?: string }
  /** Computes once and writes the outputs into files of this folder. */
  | { readonly do: 'check'; readonly task: TaskMessage; readonly folder: string }
  | { readonly do: 'prepare'; readonly task: TaskMessage }
  /** Times calls of what was prepared last. `warm`: one more before, not timed. */
  | { readonly do: 'time'; readonly calls: number; readonly warm: boolean }
  | { readonly do: 'drop' }
  | { readonly do: 'memory' };

export interface Replies {
  open: { readonly version: string; readonly device: string };
  check: { readonly outputs: Readonly<Record<string, string>> };
  prepare: { readonly how?: string; readonly traded?: Traded };
  /** Milliseconds of all calls together: on the clock, and of all threads of the process. */
  time: { readonly milliseconds: number; readonly processor: number };
  drop: object;
  /** Largest memory of the process so far; what the peer says it holds on the device. */
  memory: { readonly peakBytes: number; readonly deviceBytes?: number };
}

export type Reply<D extends Request['do'] = Request['do']> =
  | Replies[D]
  | { readonly unsupported: string }
  | { readonly error: string };
