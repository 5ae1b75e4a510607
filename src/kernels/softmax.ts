import { foldGrid, gridFor } from './grid.ts';
import type { Sampler } from './sampler.ts';
import type { ShaderName } from './shaders.generated.ts';
import { defineKernel, type Variant } from './spec.ts';

/** log: the logarithm of the softmax. */
export type SoftmaxParams = { rows: number; n: number; log: number };

/** A thread a row, or a workgroup a row where rows are long and the device is a GPU. */
const variants = (rows: ShaderName, rowWorkgroup: ShaderName, bindings: string[]): Variant<SoftmaxParams>[] => [
  {
    name: 'rows',
    supports: () => true,
    speed: () => 1,
    plan: (p, caps) => ({
      dispatches: [{ shader: rows, uniform: [p.rows, p.n, p.log], bindings, workgroups: gridFor(p.rows, 64, caps) }],
    }),
  },
  {
    name: 'row_workgroup',
    supports: () => true,
    speed: (p, caps) => (p.n >= 256 && !caps.software ? 4 : 0.5),
    plan: (p, caps) => ({
      dispatches: [
        { shader: rowWorkgroup, uniform: [p.rows, p.n, p.log], bindings, workgroups: foldGrid(p.rows, caps) },
      ],
    }),
  },
];

const sample = (r: Sampler): SoftmaxParams => ({
  rows: r.int(1, 70),
  n: r.pick([1, 10, r.int(1, 40), r.int(250, 530)]),
  log: r.int(0, 1),
});

/** Softmax or log softmax of each row. */
export const softmaxKernel = defineKernel<SoftmaxParams>({
  name: 'softmax',
  tensors: {
    x: { role: 'in', shape: p => [p.rows, p.n], rows: true },
    out: { role: 'out', shape: p => [p.rows, p.n], rows: true },
  },
  slice: () => ({ param: 'rows' }),
  flops: p => 5 * p.rows * p.n,
  reference: (p, { x }) => {
    const out = new Float64Array(p.rows * p.n);
    for (let first = 0; first < out.length; first += p.n) {
      const row = Float64Array.from(x!.subarray(first, first + p.n));
      const best = row.reduce((a, b) => Math.max(a, b));
      const logSum = best + Math.log(row.reduce((sum, value) => sum + Math.exp(value - best), 0));
      out.set(p.log ? row.map(value => value - logSum) : row.map(value => Math.exp(value - logSum)), first);
    }
    return { out };
  },
  sample,
  // A last column that counts in the maximum and in the sum.
  fill: (_, p, size, r) => r.normals(size).map((x, i) => Math.fround(i % p.n === p.n - 1 ? 90 + 30 * x : x)),
  tolerance: { kind: 'elementwise', ulps: 64, floor: 0.1 },
  variants: variants('softmax/rows', 'softmax/row_workgroup', ['x', 'out']),
});

/** Gradient of softmax or log softmax from its result. */
export const softmaxGradKernel = defineKernel<SoftmaxParams>({
  name: 'softmax_grad',
  tensors: {
    y: { role: 'in', shape: p => [p.rows, p.n], rows: true },
    dy: { role: 'in', shape: p => [p.rows, p.n], rows: true },
    dx: { role: 'out', shape: p => [p.rows, p.n], rows: true },
  },
  slice: () => ({ param: 'rows' }),
  flops: p => 5 * p.rows * p.n,
  reference: (p, { y, dy }) => {
    const dx = new Float64Array(p.rows * p.n);
    for (let first = 0; first < dx.length; first += p.n) {
      let sum = 0;
      for (let i = first; i < first + p.n; i++) sum += dy![i]! * (p.log ? 1 : y![i]!);
      for (let i = first; i < first + p.n; i++) {
        dx[i] = p.log ? dy![i]! - Math.exp(y![i]!) * sum : y![i]! * (dy![i]! - sum);
      }
    }
    return { dx };
  },
  sample,
  fill: (name, p, size, r) => {
    if (name === 'dy') return undefined;
    const scale = 2 / p.n;
    return Float64Array.from({ length: size }, () => {
      const y = scale * r.uniform(0.01, 1);
      return Math.fround(p.log ? Math.log(y) : y);
    });
  },
  tolerance: { kind: 'elementwise', ulps: 64, floor: 1 },
  variants: variants('softmax/grad_rows', 'softmax/grad_row_workgroup', ['y', 'dy', 'dx']),
});
