import { expect, it } from 'vitest';
import { mlp } from '../../src/models/index.ts';
import { openGpu } from '../../src/platform/node.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { measureStartup } from '../../src/train/startup.ts';

it('times the start of a run part by part, with everything compiled before the first step', async () => {
  const told: [done: number, total: number][] = [];
  const progress = (done: number, total: number) => told.push([done, total]);
  const source = await openGpu();
  const startup = await measureStartup(() => Engine.open(source), mlp, { batch: 8, progress });
  const { adapter, total, secondStep, open, upload, compile, firstStep } = startup;
  for (const seconds of [open, upload, compile, firstStep, secondStep]) expect(seconds).toBeGreaterThan(0);
  expect(open + upload + compile + firstStep).toBeCloseTo(total, 2);
  expect(adapter.description).not.toBe('');
  // One job: the number of kernels is known from the start, and all of them are told.
  expect(new Set(told.map(([, all]) => all)).size).toBe(1);
  expect(told.at(-1)![0]).toBe(told.at(-1)![1]);
});
