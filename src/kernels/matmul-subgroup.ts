import type { Capabilities } from '../gpu/capabilities.ts';
import { foldGrid } from './grid.ts';
import type { MatmulParams } from './matmul.ts';
import type { Variant } from './spec.ts';
import { fill, isSubgroup, occupancy } from './subgroup.ts';

/**
 * Without workgroup memory: values of a broadcast within a subgroup, whatever its size, if it is always the same.
 * @param rows that a subgroup accumulates in registers: few enough to compile fast, and for many subgroups to a core.
 */
function subgroupRows(name: string, rows: number, software: number, gpu: number): Variant<MatmulParams> {
  return {
    name,
    supports: (p, caps) => [4, 8, 16, 32, 64].includes(caps.subgroupSize) && !p.tb && p.n % 4 === 0,
    speed: (p, caps) => {
      const lanes = caps.subgroupSize;
      const [rowTiles, columnTiles] = [Math.ceil(p.m / rows), Math.ceil(p.n / (4 * lanes))];
      const used = fill(p.m, rows) * fill(p.n, 4 * lanes);
      return (caps.software ? software : gpu) * used * occupancy(rowTiles * columnTiles * lanes, p.m * p.n, caps);
    },
    plan: (p, caps) => {
      const lanes = caps.subgroupSize;
      return {
        dispatches: [
          {
            shader: 'matmul/subgroup',
            constants: { SG: lanes, TM: rows },
            uniform: [p.m, p.n, p.k, ...(p.ta ? [1, p.m] : [p.k, 1]), p.bias, p.relu, p.accumulate],
            bindings: ['a', 'b', 'bias', 'out'],
            workgroups: foldGrid(Math.ceil(p.m / rows) * Math.ceil(p.n / (4 * lanes)), caps),
          },
        ],
      };
    },
  };
}

/** Columns of the result that a subgroup of `dot_rows` sums at once and then deals to its lanes. */
const dotColumns = (caps: Capabilities) => Math.min(8, caps.subgroupSize);

/** a b^T with few rows: both are read along k, as they lie. */
const dotRows: Variant<MatmulParams> = {
  name: 'dot_rows',
  supports: (p, caps) => isSubgroup(caps) && !p.ta && !!p.tb && p.k % 4 === 0,
  // Rows share nothing: each reads b anew.
  speed: (p, caps) => (caps.software ? 1.5 * fill(p.n, dotColumns(caps)) * fill(p.k, 4 * caps.subgroupSize) : 0.5),
  plan: (p, caps) => ({
    dispatches: [
      {
        shader: 'matmul/dot_rows',
        constants: { SG: caps.subgroupSize, TN: dotColumns(caps) },
        uniform: [p.m, p.n, p.k, p.bias, p.relu, p.accumulate],
        bindings: ['a', 'b', 'bias', 'out'],
        workgroups: foldGrid(p.m * Math.ceil(p.n / dotColumns(caps)), caps),
      },
    ],
  }),
};

/** On GPUs the speeds are estimates: a broadcast feeds 4 multiply-adds, where a vec4 from workgroup memory feeds 16. */
export const matmulSubgroup: readonly Variant<MatmulParams>[] = [
  dotRows,
  subgroupRows('subgroup_1', 1, 1.6, 3),
  subgroupRows('subgroup_2', 2, 3.2, 5),
  subgroupRows('subgroup_4', 4, 4.5, 8),
  subgroupRows('subgroup', 8, 6.2, 10),
];
