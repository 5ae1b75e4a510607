import { describe, expect, it } from 'vitest';
import { workOf } from '../../bench/op-work.ts';
import { describePeers } from '../../src/cli/bench-op-peers.ts';
import { callShape } from '../../src/kernels/call-shape.ts';
import { kernels } from '../../src/kernels/registry.ts';

const call = (name: string, shape: string) => callShape(kernels.find(kernel => kernel.name === name)!, shape);

describe('a call that other frameworks are asked for, too', () => {
  it.each([
    ['matmul', 'm=24 n=20 k=12', { m: 24, n: 20, k: 12 }],
    [
      'conv2d_input_grad',
      'n=2 h=8 w=8 cin=4 cout=8 k=3 stride=2 padding=same',
      { n: 2, h: 8, w: 8, cin: 4, cout: 8, kernel: 3, stride: 2, same: 1 },
    ],
    ['max_pool2d', 'n=2 h=8 w=8 c=4 taps=0', { n: 2, h: 8, w: 8, c: 4, window: 2 }],
  ])('%s is the work that its parameters say', (name, shape, expected) => {
    expect(workOf(name, call(name, shape))).toEqual({ op: name, shape: expected });
  });

  it('is refused where they compute something else, with what they would compute', () => {
    expect(() => workOf('matmul', call('matmul', 'm=4 n=4 k=4 relu=1'))).toThrow(
      /compute matmul with relu=0; put that into --shape/,
    );
    expect(() => workOf('sum', { outer: 1 })).toThrow(/not asked for 'sum'/);
  });
});

describe('what they took', () => {
  it('is a table, the slowest first, with who was not timed and why', () => {
    const time = (median: number) => ({ median, min: median, max: median });
    const text = describePeers([
      { peer: 'weft', title: 'weft', version: '0.1.0', time: time(2), how: 'plain' },
      { peer: 'a', title: 'A', version: '1', time: time(7), error: 1e-7 },
      { peer: 'b', title: 'B', version: '', skipped: 'it is not here' },
    ]);
    const lines = text.split('\n');
    expect(lines.slice(2).map(line => line.trim().split(/\s{2,}/))).toEqual([
      ['B', 'not timed: it is not here'],
      ['A 1', '7.00', '7.00 to 7.00', '3.50', '1.0e-7'],
      ['weft 0.1.0', '2.00', '2.00 to 2.00', '1.00', 'plain'],
    ]);
  });
});
