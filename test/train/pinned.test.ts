import { expect, it } from 'vitest';
import { Batches } from '../../src/data/batches.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { noise } from '../../src/data/noise.ts';
import { candidates } from '../../src/kernels/candidates.ts';
import type { VariantTable } from '../../src/kernels/choose.ts';
import { TunedTable } from '../../src/kernels/tuned-table.ts';
import { peerCnn } from '../../src/models/index.ts';
import { Model } from '../../src/nn/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { type BackendOptions, GpuBackend } from '../../src/tensor/gpu-backend.ts';
import { modelCalls } from '../../src/train/model-calls.ts';
import { TrainStep } from '../../src/train/step.ts';
import { gpuEngine } from '../support/engine.ts';

const BATCH = 8;

/** Weights after some steps, and the table of what computed them. */
async function train(options: BackendOptions): Promise<{ weights: Float32Array; table: VariantTable }> {
  const { device } = (await gpuEngine()).gpu;
  const engine = new Engine(new GpuBackend(device, options));
  const images = noise(peerCnn.inputShape, 40);
  using data = new GpuDataset(engine, images);
  using model = new Model(engine, peerCnn.build(), { name: 'cnn', inputShape: peerCnn.inputShape, seed: 3 });
  using step = await TrainStep.compile(model, data, { ...peerCnn.defaults, batch: BATCH, seed: 3 });
  const batches = new Batches(
    Uint32Array.from({ length: 40 }, (_, i) => i),
    { batch: BATCH, seed: 3 },
  );
  for (let i = 0; i < 3; i++) await step.run(batches.at(0, i).indices, BATCH, i + 1, 1e-2);
  const { parameters } = (await step.readArrays()) as { parameters: Float32Array };
  return { weights: parameters, table: { ...engine.gpu.chooser.table } };
}

/** As if a tuner had found out that of all candidates the `which`-th from behind is the fastest. */
async function tunedTo(which: number): Promise<TunedTable[]> {
  const { device } = (await gpuEngine()).gpu;
  const engine = new Engine(new GpuBackend(device, { tuned: [] }));
  const rows = modelCalls(engine, peerCnn, BATCH).map(({ spec, p }) => {
    const list = candidates(spec, p, engine.caps);
    const { name } = list[Math.max(0, list.length - which)]!;
    return [[...engine.gpu.chooser.calls].find(([, call]) => call.p === p)![0], { variant: name }] as const;
  });
  return [new TunedTable(Object.fromEntries(rows))];
}

it('gives the bits of the table it was given, whatever has been measured since', async () => {
  const [one, other] = [await tunedTo(1), await tunedTo(2)];
  const first = await train({ tuned: one });
  const second = await train({ tuned: other });
  const differing = Object.keys(first.table).filter(call => first.table[call] !== second.table[call]);
  expect(differing.length).toBeGreaterThan(2);
  // Other sums: were these the same bits, the test could not tell.
  expect(second.weights).not.toEqual(first.weights);
  const repeated = await train({ table: first.table, tuned: other });
  expect(repeated.table).toEqual(first.table);
  expect(repeated.weights).toEqual(first.weights);
  expect((await train({ table: second.table, tuned: one })).weights).toEqual(second.weights);
});
