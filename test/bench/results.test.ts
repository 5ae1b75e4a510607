import { describe, expect, it } from 'vitest';
import { bestPeer, headline, rateOf, ratioOf } from '../../bench/ratios.ts';
import { formatResults, parseResults } from '../../bench/results.ts';
import { comparedLines, judge } from '../../bench/targets.ts';
import { median, spread } from '../../src/gpu/profile.ts';
import { FileError } from '../../src/platform/errors.ts';
import { lineWith, resultsWith } from './make.ts';

describe('statistics of rounds', () => {
  it('takes the middle, and the mean of two middles', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
    expect(spread([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
  });
});

describe('ratios', () => {
  const line = lineWith({ weft: 10, 'weft-winograd': 4, 'tfjs-webgpu': 50, 'tfjs-webgpu-flags': 40, tensorflow: 5 });
  const results = resultsWith([line]);

  it('are those of the best WebGPU peer to weft in float32', () => {
    expect(headline(line)!.peer).toBe('weft');
    expect(bestPeer(results, line)!.peer).toBe('tfjs-webgpu-flags');
    expect(ratioOf(results, line)).toBe(4);
    expect(ratioOf(results, line, ['cpu'])).toBe(0.5);
  });

  it('do not exist where one of the two is missing', () => {
    const alone = lineWith({ weft: 10, tensorflow: 5 });
    expect(ratioOf(resultsWith([alone]), alone)).toBeUndefined();
    const without = lineWith({ 'tfjs-webgpu': 10 });
    expect(ratioOf(resultsWith([without]), without)).toBeUndefined();
  });

  it('count rates in billions a second', () => {
    expect(rateOf(2e9, 1000)).toBe(2);
    expect(rateOf(0, 1000)).toBeUndefined();
  });
});

describe('promises', () => {
  const verdictOf = (medians: Record<string, number>, start: string, more = {}) =>
    judge([resultsWith([lineWith(medians, more)])]).find(({ promise }) => promise.startsWith(start))!;

  it('hold from the very ratio on', () => {
    expect(verdictOf({ weft: 10, 'tfjs-webgpu': 30 }, 'matmul 1024').holds).toBe(true);
    expect(verdictOf({ weft: 10, 'tfjs-webgpu': 29.9 }, 'matmul 1024').holds).toBe(false);
    expect(verdictOf({ weft: 10, 'tfjs-webgpu': 90, 'jax-webgpu': 20 }, 'matmul 1024').holds).toBe(false);
    expect(verdictOf({ weft: 10 }, 'matmul 1024').holds).toBeUndefined();
  });

  it('say of an epoch how many times the native time weft takes', () => {
    const epoch = { op: 'epoch', name: 'epoch of cnn', suite: 'epoch' };
    expect(verdictOf({ weft: 30, tensorflow: 10 }, 'epoch of cnn', epoch)).toMatchObject({ holds: true });
    expect(verdictOf({ weft: 31, tensorflow: 10 }, 'epoch of cnn', epoch)).toMatchObject({ holds: false });
  });

  it('allow a tenth of the lines to be less ahead, and none to be behind', () => {
    const lines = (slow: number, ratio: number) =>
      Array.from({ length: 10 }, (_, i) =>
        lineWith({ weft: 10, 'jax-webgpu': i < slow ? 10 * ratio : 20 }, { name: `line ${i}` }),
      );
    const holds = (slow: number, ratio: number) =>
      judge([resultsWith(lines(slow, ratio))]).find(({ promise }) => promise.startsWith('every line'))!.holds;
    expect([holds(0, 1), holds(1, 1.2), holds(2, 1.2), holds(1, 0.9)]).toEqual([true, true, false, false]);
    expect(comparedLines(resultsWith(lines(1, 1.2)))).toHaveLength(10);
  });
});

describe('results as JSON', () => {
  const good = () => JSON.parse(JSON.stringify(resultsWith([lineWith({ weft: 10, 'tfjs-webgpu': 50 })])));

  it('come back as they were', () => {
    expect(parseResults(JSON.stringify(good()), 'a.json')).toEqual(good());
  });

  it('are written with a line of the benchmark on each line, and as many digits as a measurement can bear', () => {
    const lines = [lineWith({ weft: 10 / 3 }), lineWith({ weft: 20 }, { name: 'matmul 512' })];
    const text = formatResults(resultsWith(lines));
    expect(text.split('\n').filter(line => line.includes('"suite"'))).toHaveLength(2);
    const back = parseResults(text, 'a.json');
    expect(back.lines[0]!.rows[0]!.value!.median).toBe(3.3333);
    expect({ ...back, lines: [] }).toEqual({ ...resultsWith(lines), lines: [] });
    expect(parseResults(formatResults(resultsWith([])), 'a.json').lines).toEqual([]);
  });

  const spoilt: [what: string, spoil: (results: ReturnType<typeof good>) => void][] = [
    ['format', r => (r.format = 'other')],
    ['version', r => (r.version = 99)],
    ['date', r => (r.date = 'yesterday')],
    ['host.cores', r => (r.host.cores = '2')],
    ['adapter.driver', r => delete r.adapter.driver],
    ['settings.robustness', r => (r.settings.robustness = 1)],
    ['roofline.gflops', r => (r.roofline.gflops.max = 0)],
    ['peers[1].name', r => (r.peers[1].name = 'weft')],
    ['peers[0].kind', r => (r.peers[0].kind = 'abacus')],
    ['lines[0].mode', r => (r.lines[0].mode = 'fast')],
    ['lines[0].shape.m', r => (r.lines[0].shape.m = null)],
    ['lines[0].rows[0].peer', r => (r.lines[0].rows[0].peer = 'nobody')],
    ['lines[0].rows[1].peer', r => (r.lines[0].rows[1].peer = 'weft')],
    ['lines[0].rows[0]', r => delete r.lines[0].rows[0].value],
    ['lines[0].rows[0].value', r => (r.lines[0].rows[0].value.min = 11)],
    ['lines[0].rows[0].error', r => (r.lines[0].rows[0].error = -1)],
  ];
  it.each(spoilt)('are refused with the place of what is wrong: %s', (where, spoil) => {
    const results = good();
    spoil(results);
    const parse = () => parseResults(JSON.stringify(results), 'a.json');
    expect(parse).toThrow(FileError);
    expect(parse).toThrow(`a.json: ${where} `);
  });

  it('are refused when they are no JSON', () => {
    expect(() => parseResults('{"format": "weft-', 'a.json')).toThrow(/^a\.json: not JSON/);
  });
});
