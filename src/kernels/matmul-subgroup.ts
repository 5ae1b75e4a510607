import { foldGrid } from './grid.ts';
import type { MatmulParams } from './matmul.ts';
import type { Variant } from './spec.ts';
import { fill, occupancy } from './subgroup.ts';

/** Rows that a subgroup accumulates in registers: few enough to compile fast, and for many subgroups to a core. */
const SUBGROUP_ROWS = 8;

/** Without workgroup memory: values of a broadcast within a subgroup, whatever its size, if it is always the same. */
export const matmulSubgroup: Variant<MatmulParams> = {
  name: 'subgroup',
  supports: (p, caps) => [4, 8, 16, 32, 64].includes(caps.subgroupSize) && !p.tb && p.n % 4 === 0,
  // On GPUs an estimate: a broadcast feeds 4 multiply-adds, where a vec4 from workgroup memory feeds 16.
  speed: (p, caps) => {
    const lanes = caps.subgroupSize;
    const [rowTiles, columnTiles] = [Math.ceil(p.m / SUBGROUP_ROWS), Math.ceil(p.n / (4 * lanes))];
    const used = fill(p.m, SUBGROUP_ROWS) * fill(p.n, 4 * lanes);
    return (caps.software ? 3 : 10) * used * occupancy(rowTiles * columnTiles * lanes, p.m * p.n, caps);
  },
  plan: (p, caps) => {
    const lanes = caps.subgroupSize;
    return {
      dispatches: [
        {
          shader: 'matmul/subgroup',
          constants: { SG: lanes, TM: SUBGROUP_ROWS },
          uniform: [p.m, p.n, p.k, ...(p.ta ? [1, p.m] : [p.k, 1]), p.bias, p.relu, p.accumulate],
          bindings: ['a', 'b', 'bias', 'out'],
          workgroups: foldGrid(Math.ceil(p.m / SUBGROUP_ROWS) * Math.ceil(p.n / (4 * lanes)), caps),
        },
      ],
    };
  },
};
