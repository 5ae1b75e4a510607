import { broadcastShapes } from '../../kernels/strides.ts';
import { whereKernel, whereParams } from '../../kernels/where.ts';
import type { Tensor } from '../tensor.ts';
import { drawBroadcast } from './binary.ts';
import { sumTo } from './reduce.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

/**
 * a where the condition is not 0, else b, with NumPy broadcasting. No gradient flows to the condition.
 * @throws ShapeError when the three do not broadcast.
 */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  return a.engine.record('where', [a, b], choose(condition, a, b), ({ dy, needs, into }) => {
    const zero = a.engine.zeros([]);
    return [
      needs[0] && sumTo(choose(condition, dy, zero), a.shape, into[0]),
      needs[1] && sumTo(choose(condition, zero, dy), b.shape, into[1]),
    ];
  });
}

function choose(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes('where', condition.shape, a.shape, b.shape);
  return compute(whereKernel, whereParams(condition.shape, a.shape, b.shape, shape), { condition, a, b }, shape);
}

export const whereExample: OpExample = {
  name: 'where',
  draw: r => {
    const inputs = drawBroadcast(r);
    const shape = broadcastShapes('where', ...inputs);
    const condition = shape.map(n => r.pick([1, n]));
    const values = Array.from({ length: condition.reduce((a, b) => a * b, 1) }, () => r.int(0, 1));
    return {
      inputs,
      constants: [{ shape: condition, dtype: 'f32', values }],
      apply: ([a, b], [mask]) => where(mask!, a!, b!),
    };
  },
};
