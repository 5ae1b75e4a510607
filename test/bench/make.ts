import { FORMAT, type Line, type Results, VERSION } from '../../bench/results.ts';

const at = (median: number) => ({ median, min: median * 0.9, max: median * 1.2 });

/** A line with medians in milliseconds by contender. */
export function lineWith(medians: Readonly<Record<string, number>>, more: Partial<Line> = {}): Line {
  return {
    ...{ suite: 'matmul', name: 'matmul 1024', op: 'matmul', shape: { m: 1024, n: 1024, k: 1024 } },
    ...{ mode: 'throughput', unit: 'ms', flops: 2 * 1024 ** 3, bytes: 12 * 1024 ** 2 },
    rows: Object.entries(medians).map(([peer, median]) => ({
      ...{ peer, value: at(median), processor: median, rounds: 5, calls: 2, error: 1e-7 },
      ...(peer === 'weft-winograd' && { traded: 'winograd' as const }),
    })),
    ...more,
  };
}

/** Results as a run writes them, on an adapter that there is not. */
export function resultsWith(lines: readonly Line[]): Results {
  return {
    ...{ format: FORMAT, version: VERSION, date: '2026-11-25T10:00:00.000Z' },
    host: { cpu: 'Abacus 9', cores: 2, memoryBytes: 2 ** 34, os: 'Linux 6', node: 'v20.20.0', weft: '0.1.0' },
    adapter: { device: 'Voodoo 2', driver: 'Glide 3.0', software: false },
    settings: {
      suites: [...new Set(lines.map(l => l.suite))],
      rounds: 5,
      quick: false,
      robustness: true,
      rest: true,
      seconds: 90,
    },
    roofline: { gflops: at(100), gigabytesPerSecond: at(20) },
    peers: [
      { name: 'weft', title: 'weft', kind: 'weft', version: '0.1.0', device: 'Voodoo 2' },
      { name: 'weft-winograd', title: 'weft, Winograd', kind: 'weft', traded: 'winograd' },
      { name: 'tfjs-webgpu', title: 'tfjs webgpu', kind: 'webgpu', version: '4.22.0' },
      { name: 'tfjs-webgpu-flags', title: 'tfjs webgpu, best flags', kind: 'webgpu' },
      { name: 'jax-webgpu', title: 'jax-js webgpu', kind: 'webgpu' },
      { name: 'tensorflow', title: 'TensorFlow', kind: 'cpu' },
      { name: 'torch', title: 'PyTorch', kind: 'cpu', missing: 'No module named torch' },
    ],
    lines,
  };
}
