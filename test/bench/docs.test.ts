import { describe, expect, it } from 'vitest';
import { benchmarksPage } from '../../bench/docs.ts';
import { lineWith, resultsWith } from './make.ts';

describe('the page of benchmarks', () => {
  const slow = lineWith(
    { weft: 10, 'jax-webgpu': 12 },
    { suite: 'pool', name: 'max pool', op: 'max_pool2d', flops: 0 },
  );
  const page = benchmarksPage([
    {
      path: 'bench/results/a.json',
      results: resultsWith([
        lineWith({ weft: 20, 'weft-winograd': 5, 'tfjs-webgpu': 90, 'tfjs-webgpu-flags': 70, tensorflow: 8 }),
        slow,
      ]),
    },
  ]);

  it('quotes the better of defaults and flags', () => {
    expect(page).toMatch(/\| matmul 1024 \| 20\.0 ms .*\| tfjs-webgpu-flags \| 70\.0 ms \| 3\.50x \| 8\.00 ms \|/);
  });

  it('says of each promise whether it holds', () => {
    expect(page).toMatch(/\| matmul 1024: 3 times best WebGPU peer \| 3\.50x \(tfjs-webgpu-flags\) \| yes \|/);
    expect(page).toMatch(/\| every line .* 1 of 2 lines below 1\.5, 0 of them below 1 \| no \|/);
    expect(page).toMatch(/\| peer-cnn training step.*not measured/);
  });

  it('keeps what gives something up out of the ratios, and lists it with its error', () => {
    expect(page).toMatch(
      /### What gives something up[^#]*\| matmul 1024 \| weft-winograd \|.*\| 5\.00 ms \| 20\.0 ms \| 1\.0e-7 \|/,
    );
  });

  it('lists lines that are less ahead than promised, with a reason', () => {
    expect(page).toMatch(/\| max pool \| 1\.20x \| jax-webgpu \| no single cause: the loads/);
  });

  it('names those that are missing', () => {
    expect(page).toContain('PyTorch is missing: No module named torch.');
  });

  it('states no ratio without its adapter: each table with one follows a sentence that names it', () => {
    const blocks = page.split('\n\n');
    const withRatio = blocks.map((block, i) => ({ block, i })).filter(({ block }) => /\d(?:\.\d+)?x[ |]/.test(block));
    expect(withRatio.length).toBeGreaterThanOrEqual(3);
    for (const { i } of withRatio) expect(blocks[i - 1]).toContain('Voodoo 2');
  });
});
