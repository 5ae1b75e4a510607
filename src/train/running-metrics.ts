import { LOSS_SLOTS, metricsKernel } from '../kernels/metrics.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Totals since the last reset. */
export interface MetricTotals {
  /** Mean over all rows. NaN before the first step. */
  readonly loss: number;
  /** Share of the rows whose label was predicted. */
  readonly accuracy: number;
  readonly rows: number;
  readonly steps: number;
  /** Whether any step's loss was NaN or infinite. */
  readonly notFinite: boolean;
}

/**
 * Loss and accuracy of many steps, added up on the device, so that a training step reads nothing back. `add` belongs into
 * the (compiled) step; reading and resetting are up to the host.
 */
export class RunningMetrics implements Disposable {
  /** f32 [512]: sums of loss * rows of every 512th step. */
  readonly losses: Tensor;
  /** u32 [4]: right rows, rows, steps, 1 if a loss was not finite. */
  readonly counts: Tensor;

  constructor(engine: Engine) {
    this.losses = engine.keep(engine.tensor(new Float32Array(LOSS_SLOTS), [LOSS_SLOTS], 'f32', 'metric losses'));
    this.counts = engine.keep(engine.tensor(new Uint32Array(4), [4], 'u32', 'metric counts'));
  }

  /**
   * Adds a step: its mean loss [1] and, where there is one, its count of right rows [1]. Counts the step's valid rows.
   * @param batch rows of the batch, padding included.
   */
  add(batch: number, loss: Tensor, correct?: Tensor): void {
    const { losses, counts } = this;
    losses.engine.run(metricsKernel, { batch, correct: Number(!!correct) }, { loss, correct, losses, counts });
  }

  /** Waits for the steps submitted so far. */
  async read(): Promise<MetricTotals> {
    return totals(await this.losses.data(), await this.counts.data());
  }

  reset(): void {
    this.losses.write(new Float32Array(LOSS_SLOTS));
    this.counts.write(new Uint32Array(4));
  }

  [Symbol.dispose](): void {
    this.losses.dispose();
    this.counts.dispose();
  }
}

/** Totals from the contents of `losses` and `counts`, however they were read. */
export function totals(losses: ArrayLike<number>, counts: ArrayLike<number>): MetricTotals {
  const [correct, rows, steps, notFinite] = Array.from(counts) as [number, number, number, number];
  let sum = 0;
  for (let i = 0; i < losses.length; i++) sum += losses[i]!;
  return { loss: sum / rows, accuracy: correct / rows, rows, steps, notFinite: notFinite !== 0 };
}
