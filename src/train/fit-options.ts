import type { Examples } from '../data/examples.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainingOptions } from './config.ts';
import type { EpochMetrics, StepPlace, StepProgress } from './events.ts';
import type { RunFolder } from './run-folder.ts';

export interface FitData {
  /** Pictures on the device, or features that a frozen part of the model made of them. */
  readonly data: Examples;
  /** Which images to learn from. */
  readonly train: Uint32Array;
  /** Which images every choice is made by. Without them no validation happens. */
  readonly validation?: Uint32Array | undefined;
}

export interface FitOptions {
  readonly training: TrainingOptions;
  /** Where checkpoint, metrics and weights are kept. */
  readonly folder?: RunFolder | undefined;
  /** Goes on from here; the engine must have been opened with the run's table of variants. */
  readonly resume?: Checkpoint | undefined;
  /** Ends the run after the step under way: saves a checkpoint, then throws InterruptedError. */
  readonly signal?: AbortSignal | undefined;
  /** Kernels are being compiled. */
  readonly onCompile?: ((done: number, total: number) => void) | undefined;
  /** Everything is compiled, nothing has run: the table of variants is complete. `program` is the hash of the steps. */
  readonly onReady?: ((program: string) => void | Promise<void>) | undefined;
  /** Before each step is submitted; all before it have been. For whoever watches what a step does: see `Watcher`. */
  readonly beforeStep?: ((place: StepPlace) => void) | undefined;
  /** A few times a second. */
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly onEpoch?: ((metrics: EpochMetrics) => void | Promise<void>) | undefined;
}

export interface FitResult {
  readonly history: readonly EpochMetrics[];
  /** Which epoch's weights the model has now, and why that one's. */
  readonly epoch: number;
  readonly because: 'last' | 'best-validation';
  /** Whether early stopping ended the run before its last epoch. */
  readonly stoppedEarly: boolean;
  /** Of all epochs, without compiling. */
  readonly seconds: number;
}
