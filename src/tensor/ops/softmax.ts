import { softmaxGradKernel, softmaxKernel } from '../../kernels/softmax.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';

/**
 * exp(x) / sum(exp(x)) over the last axis. Stable at any finite values.
 * @throws ShapeError for a scalar.
 */
export function softmax(x: Tensor): Tensor {
  return alongRows('softmax', x, 0);
}

/**
 * x - log(sum(exp(x))) over the last axis. Stable at any finite values.
 * @throws ShapeError for a scalar.
 */
export function logSoftmax(x: Tensor): Tensor {
  return alongRows('logSoftmax', x, 1);
}

function alongRows(name: string, x: Tensor, log: number): Tensor {
  const n = x.shape[x.rank - 1];
  if (n === undefined) throw new ShapeError(`${name}: ${x} has no axis to run over`);
  const { engine } = x;
  const p = { rows: x.size / n, n, log };
  const y = engine.alias(engine.run(softmaxKernel, p, { x }).out!, x.shape);
  return engine.record(name, [x], y, ({ dy, into }) => {
    // The result itself holds all that the gradient needs.
    const { dx } = engine.run(softmaxGradKernel, p, { y, dy }, { dx: into[0] });
    return [into[0] ?? engine.alias(dx!, x.shape)];
  });
}

const example = (name: string, op: (x: Tensor) => Tensor): OpExample => ({
  name,
  draw: r => ({ inputs: [[r.int(1, 4), r.int(1, 3), r.int(1, 6)]], apply: ([x]) => op(x!) }),
});

export const softmaxExample = example('softmax', softmax);
export const logSoftmaxExample = example('logSoftmax', logSoftmax);
