import { foldGrid } from './grid.ts';
import type { MatmulParams } from './matmul.ts';
import type { Variant } from './spec.ts';
import { fill, isSubgroup, occupancy } from './subgroup.ts';

/** What is expected of it in multiples of the plain variant's speed, for b as it is and for b stored transposed. */
interface Speed {
  readonly software: number;
  /** Estimates: a broadcast feeds 4 multiply-adds, where a vec4 from workgroup memory feeds 16. */
  readonly gpu: number;
}

/** On a GPU, what lanes lose that read columns too far apart to be read together: an estimate. */
const SCATTERED = 0.1;

/**
 * Without workgroup memory: values of a broadcast within a subgroup, whatever its size, if it is always the same. Nothing
 * is repacked, which with few rows costs more than the product.
 * @param rows that a subgroup accumulates in registers: few enough to compile fast, and for many subgroups to a core.
 */
function subgroupRows(name: string, rows: number, expected: Speed): Variant<MatmulParams> {
  return {
    name,
    // A quarter of a subgroup's k at a time, where b is transposed.
    supports: (p, caps) => [4, 8, 16, 32, 64].includes(caps.subgroupSize) && p.n % 4 === 0 && (!p.tb || p.k % 4 === 0),
    speed: (p, caps) => {
      const lanes = caps.subgroupSize;
      const [rowTiles, columnTiles] = [Math.ceil(p.m / rows), Math.ceil(p.n / (4 * lanes))];
      const used = fill(p.m, rows) * fill(p.n, 4 * lanes);
      if (caps.software) return expected.software * used;
      return expected.gpu * (p.tb ? SCATTERED : 1) * used * occupancy(rowTiles * columnTiles * lanes, p.m * p.n, caps);
    },
    plan: (p, caps) => {
      const lanes = caps.subgroupSize;
      return {
        dispatches: [
          {
            shader: p.tb ? 'matmul/subgroup_transposed' : 'matmul/subgroup',
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

/** More sums than this a lane do not stay in registers. */
const MOST_COLUMNS = 16;

/** A row a lane, for the few columns of a classifier's logits. */
const narrow: Variant<MatmulParams> = {
  name: 'narrow',
  supports: (p, caps) => isSubgroup(caps) && !p.ta && p.n <= MOST_COLUMNS && p.k % 4 === 0,
  // On a GPU an estimate: few threads, and each reads a row of its own.
  speed: (p, caps) => (caps.software ? 9 * fill(p.m, caps.subgroupSize) * (p.n / (p.n + 4)) : 0.5),
  plan: (p, caps) => ({
    dispatches: [
      {
        shader: 'matmul/narrow',
        constants: { SG: caps.subgroupSize, N: p.n },
        uniform: [p.m, p.n, p.k, ...(p.tb ? [1, p.k] : [p.n, 1]), p.bias, p.relu, p.accumulate],
        bindings: ['a', 'b', 'bias', 'out'],
        workgroups: foldGrid(Math.ceil(p.m / caps.subgroupSize), caps),
      },
    ],
  }),
};

export const matmulSubgroup: readonly Variant<MatmulParams>[] = [
  narrow,
  subgroupRows('subgroup_1', 1, { software: 1.6, gpu: 3 }),
  subgroupRows('subgroup_2', 2, { software: 3.2, gpu: 5 }),
  subgroupRows('subgroup_4', 4, { software: 4.5, gpu: 8 }),
  subgroupRows('subgroup', 8, { software: 6.2, gpu: 10 }),
];
