import { describe, expect, it } from 'vitest';
import { ALIGNMENT, alignUp } from '../../src/gpu/capabilities.ts';
import { type Dispatch, Memory } from '../../src/gpu/dispatch.ts';
import type { Access } from '../../src/gpu/pipelines.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { LimitError } from '../../src/platform/errors.ts';
import { type MemoryPlan, planMemory } from '../../src/tensor/plan.ts';

const dispatchOf = (...uses: readonly (readonly [Memory, Access])[]): Dispatch => ({
  source: { label: '', code: '', access: [] },
  uniform: new ArrayBuffer(16),
  bindings: uses.map(([memory, access]) => ({ memory, offset: 0, bytes: memory.bytes, access })),
  workgroups: [1, 1, 1],
  note: { kernel: '', variant: '', shape: '', flops: 0, bytes: 0 },
});

/** A list like that of a step: each dispatch reads some of what was written before and writes something new. */
function drawStep(r: Sampler) {
  const memories: Memory[] = [];
  const dispatches: Dispatch[] = [];
  const draw = () => new Memory(4 * r.pick([1, r.int(1, 300), r.int(1000, 100_000)]), `m${memories.length}`);
  const count = r.int(1, 40);
  for (let i = 0; i < count; i++) {
    const reads = Array.from({ length: memories.length ? r.int(0, 4) : 0 }, () => r.pick(memories));
    const writes = Array.from({ length: r.int(1, 2) }, draw);
    memories.push(...writes);
    dispatches.push(
      dispatchOf(
        ...[...new Set(reads)].map(memory => [memory, r.pick(['read', 'uniform'] as const)] as const),
        ...writes.map(memory => [memory, 'write'] as const),
      ),
    );
  }
  const some = () => new Set(memories.filter(() => r.int(0, 9) === 0));
  return { memories, dispatches, pinned: some(), lasting: some() };
}

type DrawnStep = ReturnType<typeof drawStep>;

const plan = ({ memories, dispatches, pinned, lasting }: DrawnStep, largest = 2 ** 32) =>
  planMemory(dispatches, new Set(memories), { pinned, lasting, largest });

/** First and last dispatch of every memory, found anew. */
function lives({ memories, dispatches, pinned, lasting }: DrawnStep) {
  return memories.map(memory => {
    const uses = dispatches.flatMap(({ bindings }, i) => (bindings.some(b => b.memory === memory) ? [i] : []));
    return {
      memory,
      first: uses[0]!,
      last: pinned.has(memory) || lasting.has(memory) ? dispatches.length : uses[uses.length - 1]!,
    };
  });
}

const overlap = (a: readonly [number, number], b: readonly [number, number]) => a[0] < b[1] && b[0] < a[1];

function bytesOf(memory: Memory, { places }: MemoryPlan): [from: number, to: number] {
  const { offset } = places.get(memory)!;
  return [offset, offset + memory.bytes];
}

const cases = Array.from({ length: 100 }, (_, i) => {
  const step = drawStep(new Sampler(i + 1));
  return { step, found: plan(step) };
});

describe('the memory plan', () => {
  it('gives every intermediate an aligned range inside a buffer', () => {
    for (const { step, found } of cases) {
      expect(found.places.size).toBe(step.memories.length);
      for (const [memory, { buffer, offset }] of found.places) {
        expect(offset % ALIGNMENT).toBe(0);
        expect(offset + memory.bytes).toBeLessThanOrEqual(found.bufferBytes[buffer]!);
      }
    }
  });

  it('never lets two that live at the same time overlap', () => {
    for (const { step, found } of cases) {
      const all = lives(step);
      for (const [i, a] of all.entries()) {
        for (const b of all.slice(i + 1)) {
          if (!overlap([a.first, a.last + 1], [b.first, b.last + 1])) continue;
          if (found.places.get(a.memory)!.buffer !== found.places.get(b.memory)!.buffer) continue;
          expect(overlap(bytesOf(a.memory, found), bytesOf(b.memory, found))).toBe(false);
        }
      }
    }
  });

  it('keeps what a dispatch reads and what it writes in different buffers, and those that are kept apart', () => {
    for (const { step, found } of cases) {
      const { places } = found;
      const bufferOf = (memory: Memory) => places.get(memory)!.buffer;
      for (const { bindings } of step.dispatches) {
        const written = new Set(bindings.filter(b => b.access === 'write').map(b => bufferOf(b.memory)));
        for (const { memory, access } of bindings) {
          if (access !== 'write') expect(written).not.toContain(bufferOf(memory));
        }
      }
      const kept = [...step.pinned].map(bufferOf);
      expect(new Set(kept).size).toBe(kept.length);
    }
  });

  it('takes no less than what is alive at once, and rarely a fifth more', () => {
    const ratios = cases.map(({ step, found }) => {
      const { peakBytes, liveBytes, bufferBytes } = found;
      const alive = step.dispatches.map((_, i) =>
        lives(step)
          .filter(({ first, last }) => first <= i && i <= last)
          .reduce((sum, { memory }) => sum + alignUp(memory.bytes), 0),
      );
      expect(liveBytes).toBe(Math.max(...alive));
      expect(peakBytes).toBe(bufferBytes.reduce((a, b) => a + b));
      expect(peakBytes).toBeGreaterThanOrEqual(liveBytes);
      return peakBytes / liveBytes;
    });
    // Kept tensors, and what is read beside what is written, do not always leave a choice.
    expect(ratios.filter(ratio => ratio > 1.2).length).toBeLessThan(cases.length / 5);
  });

  it('is the same for the same step', () => {
    for (const { step, found } of cases.slice(0, 20)) expect(plan(step)).toEqual(found);
  });

  it('lets a buffer grow as far as the device allows, and refuses what fits into none', () => {
    const [early, low, high] = [4096, 3072, 2048].map(bytes => new Memory(bytes, '')) as [Memory, Memory, Memory];
    const dispatches = [[early], [low, high]].map(written => dispatchOf(...written.map(m => [m, 'write'] as const)));
    const step = { memories: [early, low, high], dispatches, pinned: new Set<Memory>(), lasting: new Set<Memory>() };
    expect(plan(step).bufferBytes).toEqual([5120]);
    expect(plan(step, 4096).bufferBytes).toEqual([4096, 2048]);
    expect(() => plan(step, 2048)).toThrow(LimitError);
  });

  it('plans four hundred dispatches in a moment', () => {
    const r = new Sampler(1);
    const memories = Array.from({ length: 300 }, (_, i) => new Memory(256 * r.int(1, 4000), `m${i}`));
    const dispatches = Array.from({ length: 400 }, (_, i) => {
      const at = Math.min(299, Math.floor((i * 3) / 4));
      const read = memories[r.int(Math.max(0, at - 40), Math.max(0, at - 1))]!;
      return dispatchOf(...(read === memories[at] ? [] : [[read, 'read'] as const]), [memories[at]!, 'write']);
    });
    const start = process.cpuUsage();
    planMemory(dispatches, new Set(memories), { largest: 2 ** 32 });
    const { user, system } = process.cpuUsage(start);
    // A tenth of a second on the machine it was made on; five times as much on a slow and busy one.
    expect((user + system) / 1000).toBeLessThan(500);
  });
});
