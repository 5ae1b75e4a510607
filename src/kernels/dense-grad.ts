import { foldGrid, gridFor } from './grid.ts';
import { defineKernel, type PlannedDispatch, type Values } from './spec.ts';

/**
 * A dense layer of n rows, k to m values. dx, db: whether these gradients are wanted; mask: dy counts only where y is
 * positive (a fused ReLU), there times `scale` (the 1 / (1 - rate) of a fused dropout); accumulate: add to dw and db.
 */
export type DenseGradParams = {
  n: number;
  k: number;
  m: number;
  dx: number;
  db: number;
  mask: number;
  scale: number;
  accumulate: number;
};

function reference(p: DenseGradParams, inputs: Readonly<Record<string, Values>>) {
  const { x, weights, y, dy } = inputs as Record<'x' | 'weights' | 'y' | 'dy', Values>;
  const dz = Float64Array.from(dy, (value, i) => (p.mask ? (y[i]! <= 0 ? 0 : value * p.scale) : value));
  const [dx, dweights, db] = [p.n * p.k, p.k * p.m, p.m].map(size => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let row = 0; row < p.n; row++) {
    for (let column = 0; column < p.m; column++) {
      const gradient = dz[row * p.m + column]!;
      db[column]! += gradient;
      for (let i = 0; i < p.k; i++) {
        dweights[i * p.m + column]! += x[row * p.k + i]! * gradient;
        if (p.dx) dx[row * p.k + i]! += gradient * weights[i * p.m + column]!;
      }
    }
  }
  return { dweights, ...(p.dx && { dx }), ...(p.db && { db }) };
}

const common = (p: DenseGradParams): Pick<PlannedDispatch, 'uniform' | 'bindings'> => ({
  uniform: [p.n, p.k, p.m, p.dx, p.db, p.mask, { f32: p.scale }, p.accumulate],
  bindings: ['x', 'weights', 'y', 'dy', 'dx', 'dweights', 'db'],
});

const tiles = (size: number) => Math.ceil(size / 32);

/** All gradients of a dense layer in one dispatch. */
export const denseGradKernel = defineKernel<DenseGradParams>({
  name: 'dense_grad',
  tensors: {
    x: { role: 'in', shape: p => [p.n, p.k], rows: true },
    weights: { role: 'in', shape: p => (p.dx ? [p.k, p.m] : null) },
    y: { role: 'in', shape: p => (p.mask ? [p.n, p.m] : null), rows: true },
    dy: { role: 'in', shape: p => [p.n, p.m], rows: true },
    dx: { role: 'out', shape: p => (p.dx ? [p.n, p.k] : null), rows: true },
    dweights: { role: 'out', shape: p => [p.k, p.m] },
    db: { role: 'out', shape: p => (p.db ? [p.m] : null) },
  },
  slice: () => ({ param: 'n', accumulate: 'accumulate' }),
  flops: p => 2 * p.n * p.k * p.m * (1 + p.dx),
  reference,
  sample: r => ({
    ...{ n: r.int(1, 70), k: r.int(1, 70), m: r.int(1, 70) },
    ...{ dx: r.int(0, 1), db: r.int(0, 1), mask: r.int(0, 1), scale: r.uniform(1, 4), accumulate: 0 },
  }),
  // As a fused ReLU leaves it: half zeros.
  fill: (name, _, size, r) => (name === 'y' ? r.normals(size).map(v => Math.max(v, 0)) : undefined),
  tolerance: { kind: 'dot', terms: p => Math.max(p.n, p.m) },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            ...common(p),
            shader: 'dense/gradient',
            workgroups: gridFor(p.dx * p.n * p.k + p.k * p.m + p.db * p.m, 64, caps),
          },
        ],
      }),
    },
    {
      name: 'tile_32x32',
      supports: () => true,
      // On a GPU an estimate, until a tuner has measured.
      speed: (_, caps) => (caps.software ? 2 : 10),
      plan: (p, caps) => ({
        dispatches: [
          {
            ...common(p),
            shader: 'dense/gradient_tile',
            workgroups: foldGrid(p.dx * tiles(p.n) * tiles(p.k) + tiles(p.k) * tiles(p.m), caps),
          },
        ],
      }),
    },
  ],
});
