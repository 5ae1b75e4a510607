import type { TrainingOptions } from './config.ts';
import type { Edit } from './edits.ts';
import type { FitData } from './fit-options.ts';

export interface SessionOptions {
  /** `epochs` is what the schedule is made for, no limit; `patience` means nothing here. */
  readonly training: TrainingOptions;
  /** Edits to come: each is made when its step is reached. */
  readonly edits?: readonly Edit[];
  /** Bytes of host memory for moments to go back to. Default: 256 MiB. */
  readonly budget?: number;
  /** Steps between two of them while there is room, see `Timeline`. Default 16. */
  readonly every?: number;
  /** Kernels are being compiled. */
  readonly onCompile?: ((done: number, total: number) => void) | undefined;
}

export const SESSION_DEFAULTS = { budget: 256 * 2 ** 20, every: 16 } as const;

export interface RestoreOptions extends Pick<FitData, 'data'>, Pick<SessionOptions, 'onCompile'> {
  /** What messages call the file. */
  readonly where?: string;
  /**
   * What to do where the device is told other things than when the session was made, by another version of weft or for
   * another adapter: 'refuse', or 'continue' with other bits; then there is no way back behind the moment that it goes on
   * from. Default 'refuse'.
   */
  readonly otherProgram?: 'refuse' | 'continue';
}

/** An edit that is made now. */
export type Change = Edit extends infer E ? (E extends Edit ? Omit<E, 'step'> : never) : never;
