import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parseOpResult, sha256 } from '../../src/cli/bench-op-result.ts';
import type { OpResult } from '../../src/tensor/bench-op.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const EXAMPLE = join(ROOT, 'docs', 'examples', 'matmul-row.wgsl');
const folder = mkdtempSync(join(tmpdir(), 'weft-bench-op-'));
afterAll(() => rmSync(folder, { recursive: true }));

function benchOp(...args: string[]) {
  const options = { encoding: 'utf8', cwd: ROOT, input: '' } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', MAIN, 'bench', 'op', ...args],
    options,
  );
  return { status, stdout, stderr };
}

describe('weft bench op', () => {
  const shape = ['--shape', 'm=24 n=20 k=12', '--repeats', '1'];

  it('proves and times a ladder with a kernel of one’s own, as JSON that can be shown', () => {
    const { status, stdout, stderr } = benchOp('matmul', ...shape, '--kernel', EXAMPLE, '--json');
    expect(status, stderr).toBe(0);
    const result = parseOpResult(stdout, 'stdout');
    expect(result).toMatchObject({ kernel: 'matmul', shape: { m: 24, n: 20, k: 12, ta: 0 }, repeats: 1 });
    expect(result.flops).toBe(2 * 24 * 20 * 12);
    const names = result.rungs.map(rung => rung.variant);
    expect(names).toEqual(expect.arrayContaining(['matmul-row', 'plain', result.chosen]));
    for (const { time, errorShare } of result.rungs) {
      expect(time!.median).toBeGreaterThan(0);
      expect(errorShare).toBeLessThanOrEqual(1);
    }
    const text = readFileSync(EXAMPLE, 'utf8');
    expect(result.custom).toEqual({ name: 'matmul-row', wgsl: text, sha256: sha256(text) });

    const path = join(folder, 'result.json');
    writeFileSync(path, stdout);
    const shown = benchOp('--from', path);
    expect(shown.status, shown.stderr).toBe(0);
    expect(shown.stdout).toContain(`on ${result.adapter.device} (${result.adapter.driver}`);
    expect(shown.stdout).toMatch(/^matmul-row .* yours$/m);
    expect(shown.stdout).toContain(`matmul-row: sha256 ${sha256(text)}`);
  });

  it('stops a kernel that never ends', () => {
    const path = join(folder, 'endless.wgsl');
    writeFileSync(path, readFileSync(EXAMPLE, 'utf8').replace('k++', 'k += u32(sum[0] > 1e30)'));
    const { status, stderr } = benchOp('matmul', ...shape, '--kernel', path, '--time-limit', '10');
    expect(stderr).toContain("KernelError: kernel 'matmul/endless': not done after 10 s, so it was stopped");
    expect(status).toBe(1);
  });

  it('2 for wrong usage, with what there is', () => {
    for (const [args, message] of [
      [['matmull'], "bench op: there is no kernel 'matmull'; there are adam, "],
      [[], 'bench op: name a kernel; there are adam, '],
      [['matmul', '--shape', 'rows=3'], "kernel 'matmul': it has no parameter 'rows'; it has m, n, k"],
      [['matmul', '--workgroups', 'm'], '--workgroups and --constants belong to --kernel'],
      [['matmul', '--again'], 'name its file with --from'],
    ] as const) {
      const { status, stdout, stderr } = benchOp(...args);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain(message);
    }
  });
});

describe('a shared result', () => {
  const wgsl = '// nothing';
  const result: OpResult = {
    ...{ format: 'weft-bench-op', version: 1, date: '2026-01-02T03:04:05Z', weft: '0.1.0', kernel: 'copy' },
    adapter: { device: 'a', driver: 'b', software: true, subgroupSize: 8 },
    ...{ shape: { size: 3 }, flops: 0, bytes: 24, repeats: 1, chosen: 'plain', rungs: [] },
    custom: { name: 'own', wgsl, sha256: sha256(wgsl) },
  };
  const read = (change: object) => parseOpResult(JSON.stringify({ ...result, ...change }), 'r.json');

  it('comes back as it was', () => {
    expect(read({})).toEqual(result);
  });

  it.each([
    [{ format: 'x' }, "its format is not 'weft-bench-op'"],
    [{ version: 2 }, 'it has version 2, this weft reads 1'],
    [{ date: 'today' }, "'today' is no date"],
    [{ shape: { size: 'three' } }, 'shape must name numbers'],
    [{ adapter: undefined }, 'date, weft, kernel, chosen and adapter must be texts'],
    [{ rungs: [{ variant: 'plain' }] }, 'rungs must be a list of variants with their times'],
    [{ custom: { ...result.custom, wgsl: '// altered' } }, 'the WGSL has been altered: its sha256 is another'],
  ])('is refused: %o', (change, message) => {
    expect(() => read(change)).toThrow(`r.json: ${message}; make it with weft bench op`);
  });

  it('is refused when it is no JSON', () => {
    expect(() => parseOpResult('{', 'r.json')).toThrow('r.json: not JSON');
    expect(() => parseOpResult('null', 'r.json')).toThrow('r.json: not a result of weft bench op');
  });
});
