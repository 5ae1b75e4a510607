import { type DropoutParams, dropoutKernel } from '../../kernels/dropout.ts';
import { ValueError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';

/** A dropout that another op does along with its own work. */
export interface DropoutChoice {
  /** Probability of 0. */
  readonly rate: number;
  /** Number of this dropout in the network. */
  readonly id: number;
}

/** @throws ValueError for a rate or a number that cannot be. Undefined when nothing is dropped. */
export function checkDropout({ rate, id }: DropoutChoice): DropoutChoice | undefined {
  if (!(rate >= 0 && rate < 1))
    throw new ValueError(`dropout ${id}: rate is ${rate}, it must be at least 0 and below 1`);
  if (!Number.isInteger(id) || id < 0) throw new ValueError(`dropout: id is ${id}, it must be a whole number from 0`);
  return rate === 0 ? undefined : { rate, id };
}

/**
 * Sets elements to 0 with probability `rate` and scales the others by 1 / (1 - rate), so that the mean stays
 * (Srivastava et al., "Dropout", 2014). For training only; leave it out at inference.
 *
 * The mask is a function of (step.seed, step.step, id, element): the same in the backward, which draws it again, in a
 * repeated run, and on every device. Forward and backward must run under the same {@link Engine.step}.
 *
 * @param id number of this dropout in the network, so that two of them drop different elements.
 * @throws ValueError unless 0 <= rate < 1.
 */
export function dropout(x: Tensor, rate: number, id = 0): Tensor {
  if (!checkDropout({ rate, id })) return x;
  const { engine } = x;
  const p: DropoutParams = { size: x.size, base: 0, id, rate };
  const { out } = engine.run(dropoutKernel, p, { x });
  return engine.record('dropout', [x], engine.alias(out!, x.shape), ({ dy, into }) => {
    const { out: dx } = engine.run(dropoutKernel, p, { x: dy }, { out: into[0] });
    return [into[0] ?? engine.alias(dx!, x.shape)];
  });
}

export const dropoutExample: OpExample = {
  name: 'dropout',
  draw: r => {
    const rate = r.uniform(0.1, 0.8);
    const id = r.int(0, 5);
    return { inputs: [[r.int(1, 5), r.int(1, 7)]], apply: ([x]) => dropout(x!, rate, id) };
  },
};
