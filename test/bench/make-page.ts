import type { Ladder, Line, PeerNote, Results, Row } from '../../bench/results.ts';

/** A run as bench/ would hand it over, with numbers that say which is which. */
export const PEERS: readonly PeerNote[] = [
  { name: 'weft', title: 'weft', kind: 'weft', version: '0.1.0', device: 'made-up adapter' },
  { name: 'weft-f16', title: 'weft, f16 storage', kind: 'weft', traded: 'f16', settings: "allow: ['f16']" },
  { name: 'slow', title: 'slow <b> & "webgpu"', kind: 'webgpu', version: '1' },
  { name: 'wasm', title: 'a wasm one', kind: 'wasm', version: '2' },
  { name: 'gone', title: 'gone', kind: 'cpu', missing: 'it is not installed <here>' },
];

const spread = (median: number) => ({ median, min: median * 0.9, max: median * 1.2 });

export const row = (peer: string, milliseconds: number, more: Partial<Row> = {}): Row => ({
  ...{ peer, value: spread(milliseconds), rounds: 3, calls: 10, error: 1e-7 },
  ...more,
});

export function line(name: string, rows: readonly Row[], more: Partial<Line> = {}): Line {
  return {
    ...{ suite: 'matmul', name, op: 'matmul', shape: { m: 1024, n: 1024, k: 1024 }, mode: 'throughput', unit: 'ms' },
    ...{ flops: 2 ** 31, bytes: 12 * 2 ** 20, rows },
    ...more,
  };
}

export const LADDER: Ladder = {
  ...{ kernel: 'matmul', shape: { m: 512, n: 256, k: 128, ta: 0 }, flops: 2 * 512 * 256 * 128, bytes: 4096 },
  chosen: 'tile',
  rungs: [
    { variant: 'plain', time: spread(50) },
    { variant: 'tile', time: spread(5) },
    { variant: 'tile_f16', time: spread(3), trades: 'f16' as const },
  ].map(rung => ({ ...rung, provenShapes: 2, provenBy: 'reference', error: 1e-6, errorShare: 0.1, dispatches: 1 })),
};

export function makeResults(change: Partial<Results> = {}): Results {
  const curve = (at: number) =>
    line(`growth ${at}`, [row('weft', at), row('slow', 3 * at)], {
      ...{ suite: 'growth', curve: { name: 'a <step>', axis: 'batch', at } },
    });
  return {
    ...{ format: 'weft-bench', version: 1, date: '2026-01-02T03:04:05.000Z' },
    host: { cpu: 'Some CPU', cores: 2, memoryBytes: 2 ** 34, os: 'Linux 6', node: 'v20', weft: '0.1.0' },
    adapter: { device: 'made-up adapter', driver: 'driver 1.2', software: true },
    settings: {
      ...{ suites: ['matmul', 'pool', 'growth'], rounds: 3, quick: false, robustness: true, rest: true, seconds: 90 },
    },
    roofline: { gflops: spread(100), gigabytesPerSecond: spread(10) },
    peers: PEERS,
    lines: [
      line('matmul 1024', [
        row('weft', 100),
        row('weft-f16', 50, { traded: 'f16', error: 1e-3 }),
        row('slow', 350),
        row('wasm', 40),
      ]),
      line('pool', [row('weft', 2), row('slow', 1), { peer: 'wasm', skipped: 'it has no <pool>' }], {
        ...{ suite: 'pool', flops: 0, bytes: 100 },
      }),
      ...[1, 4, 16].map(curve),
    ],
    ladders: [LADDER],
    ...change,
  };
}
