import type { Capabilities } from '../gpu/capabilities.ts';
import { gridFor } from './grid.ts';
import { matmulStrips } from './matmul-strip.ts';
import { matmulSubgroup } from './matmul-subgroup.ts';
import { matmulTiles } from './matmul-tile.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, type PlannedDispatch, type Values, type Variant } from './spec.ts';
import { fill, occupancy } from './subgroup.ts';

/**
 * out[m, n] = act(sum_k a[m, k] b[k, n] + bias[n]).
 *
 * ta: a is stored [k, m]; tb: b is stored [n, k]; bias, relu: what is fused behind; accumulate: add to what `out` holds.
 */
export type MatmulParams = {
  m: number;
  n: number;
  k: number;
  ta: number;
  tb: number;
  bias: number;
  relu: number;
  accumulate: number;
};

function reference(p: MatmulParams, a: Values, b: Values, bias: Values | undefined): Float64Array {
  const out = new Float64Array(p.m * p.n);
  for (let row = 0; row < p.m; row++) {
    for (let column = 0; column < p.n; column++) {
      let sum = 0;
      for (let k = 0; k < p.k; k++) {
        sum += a[p.ta ? k * p.m + row : row * p.k + k]! * b[p.tb ? column * p.k + k : k * p.n + column]!;
      }
      if (p.bias) sum += bias![column]!;
      if (p.relu && sum <= 0) sum = 0;
      out[row * p.n + column] = sum;
    }
  }
  return out;
}

const common = (p: MatmulParams): Pick<PlannedDispatch, 'uniform' | 'bindings'> => ({
  // Transposition is a matter of strides, and what is fused costs nothing in the loop: uniforms, so that pipelines stay few.
  uniform: [
    ...[p.m, p.n, p.k],
    ...(p.ta ? [1, p.m] : [p.k, 1]),
    ...(p.tb ? [p.k, 1] : [1, p.n]),
    ...[p.bias, p.relu, p.accumulate],
  ],
  bindings: ['a', 'b', 'bias', 'out'],
});

/** Register tiles of several sizes: larger ones load less and compile longer. */
function registerTile(
  tm: number,
  tn: number,
  speed: (p: MatmulParams, caps: Capabilities) => number,
): Variant<MatmulParams> {
  return {
    name: `register_${tm}x${tn}`,
    supports: (p, caps) =>
      Math.max(Math.ceil(p.n / (8 * tn)), Math.ceil(p.m / (8 * tm))) <= caps.maxWorkgroupsPerDimension,
    speed: (p, caps) => {
      const threads = 64 * Math.ceil(p.n / (8 * tn)) * Math.ceil(p.m / (8 * tm));
      const used = caps.software ? fill(p.m, 8 * tm) * fill(p.n, 8 * tn) : 1;
      return speed(p, caps) * used * occupancy(threads, p.m * p.n, caps);
    },
    plan: p => ({
      dispatches: [
        {
          ...common(p),
          shader: 'matmul/register_tile',
          constants: { TM: tm, TN: tn },
          workgroups: [Math.ceil(p.n / (8 * tn)), Math.ceil(p.m / (8 * tm)), 1],
        },
      ],
    }),
  };
}

/**
 * Sizes around those of tiles, single rows, few columns, sums longer than a uniform buffer holds, and all that layers and
 * their gradients ask for.
 */
function drawMatmul(r: Sampler): MatmulParams {
  const ta = r.int(0, 1);
  // Sums over a batch have, as a rule, nothing fused behind them.
  const plain = ta && r.int(0, 4) > 0;
  const fused = () => (plain ? 0 : r.int(0, 1));
  const quads = (most: number) => (r.int(0, 1) ? 4 * r.int(1, most) : r.int(1, 4 * most));
  return {
    ...{ m: r.int(0, 4) ? r.int(1, 70) : 1, n: ta || r.int(0, 2) ? quads(18) : r.pick([3, 10]) },
    k: r.int(0, 5) ? quads(10) : r.int(400, 1100),
    ...{ ta, tb: r.int(0, 1), bias: fused(), relu: fused(), accumulate: 0 },
  };
}

export const matmulKernel = defineKernel<MatmulParams>({
  name: 'matmul',
  tensors: {
    a: { role: 'in', shape: p => (p.ta ? [p.k, p.m] : [p.m, p.k]), rows: true },
    b: { role: 'in', shape: p => (p.tb ? [p.n, p.k] : [p.k, p.n]), rows: p => !!p.ta },
    bias: { role: 'in', shape: p => (p.bias ? [p.n] : null) },
    out: { role: 'out', shape: p => [p.m, p.n], rows: p => !p.ta },
  },
  // Batches are cut along m; the gradient of a weight, a sum over the batch, along k.
  slice: p =>
    !p.ta ? { param: 'm' } : !p.tb && !p.bias && !p.relu ? { param: 'k', accumulate: 'accumulate' } : undefined,
  flops: p => 2 * p.m * p.n * p.k,
  reference: (p, { a, b, bias }) => ({ out: reference(p, a!, b!, bias) }),
  sample: drawMatmul,
  tolerance: { kind: 'dot', terms: p => p.k },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [{ ...common(p), shader: 'matmul/plain', workgroups: gridFor(p.m * p.n, 64, caps) }],
      }),
    },
    registerTile(4, 4, () => 4),
    registerTile(8, 8, p => (Math.min(p.m, p.n) >= 256 ? 5 : 2)),
    ...matmulSubgroup,
    ...matmulTiles,
    ...matmulStrips,
  ],
});
