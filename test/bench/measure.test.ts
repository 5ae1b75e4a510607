import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Contender, Skip } from '../../bench/contender.ts';
import { type Entrant, Experience, measureCase } from '../../bench/measure.ts';
import type { Case } from '../../bench/suites.ts';

const FAKE = fileURLToPath(new URL('fake-peer.mjs', import.meta.url));
const open: Contender[] = [];
afterAll(() => Promise.all(open.map(contender => contender.close())));

async function fake(kind: string): Promise<Entrant> {
  const contender = new Contender(kind, [process.execPath, FAKE, kind]);
  open.push(contender);
  await contender.open(undefined);
  return { entry: { name: kind, title: kind, kind: 'webgpu' }, contender };
}

const work: Case = {
  ...{ suite: 'matmul', name: 'matmul 20', mode: 'throughput', quick: false },
  ...{ op: 'matmul', shape: { m: 20, n: 6, k: 9 } },
};
const budget = { rounds: 3, round: 100, row: 10_000 };

describe('a case', () => {
  it('is timed for those that compute the same, and tells why not for the others', async () => {
    const kinds = ['right', 'wrong', 'wrong below', 'cannot', 'dies', 'right too'];
    const entrants = await Promise.all(kinds.map(fake));
    const line = await measureCase(work, entrants, budget, new Experience());
    const [right, wrong, below, cannot, dies, too] = line.rows as [never, never, never, never, never, never];
    // 20 ms a call: five of them make a round of 100 ms.
    const timed = { value: { median: 20, min: 20, max: 20 }, processor: 30, rounds: 3, calls: 5 };
    expect(right).toMatchObject({ peer: 'right', ...timed });
    expect((right as { error: number }).error).toBeLessThan(1e-6);
    expect(too).toMatchObject({ peer: 'right too', ...timed });
    expect(wrong).toMatchObject({ skipped: expect.stringMatching(/^wrong: off by/) });
    expect(below).toMatchObject({ skipped: expect.stringMatching(/^computes something else: 'out' differs/) });
    expect(cannot).toEqual({ peer: 'cannot', skipped: 'no product here' });
    expect(dies).toMatchObject({ skipped: expect.stringMatching(/^its process ended: .*out of beads/) });
    expect(line).toMatchObject({ unit: 'ms', flops: 2 * 20 * 6 * 9, bytes: 4 * (20 * 9 + 9 * 6 + 20 * 6) });
  });

  it('ends a curve for a contender whose next point would take too long', async () => {
    const entrants = [await fake('patient')];
    const experience = new Experience();
    const at = (size: number): Case => ({ ...work, curve: { name: 'growing', axis: 'batch', at: size } });
    const first = await measureCase(at(1), entrants, budget, experience);
    expect(first.rows[0]!.value!.median).toBe(20);
    const second = await measureCase(at(1024), entrants, budget, experience);
    expect(second.rows[0]!.skipped).toBe('a call would take about 21 s');
  });
});

describe('a contender', () => {
  it('is ended when it does not answer in time', async () => {
    const { contender } = await fake('stuck');
    const task = { work, mode: 'throughput', inputs: {} } as const;
    await expect(contender.ask<'prepare'>({ do: 'prepare', task }, 200)).rejects.toThrow(
      new Skip('it takes longer than 0.2 s to prepare'),
    );
    expect(contender.alive).toBe(false);
  });

  it('that is no program is missing with the words of the system', async () => {
    const contender = new Contender('nobody', ['/nowhere/python3']);
    await expect(contender.open(undefined)).rejects.toThrow(/its process ended: .*ENOENT/);
  });
});
