import type { DispatchNote } from '../../src/gpu/dispatch.ts';
import { timeEach, timeRuns } from '../../src/gpu/profile.ts';
import { InterruptedError, Model } from '../../src/index.ts';
import { type ProfileLine, withSpeeds } from '../../src/tensor/step-profile.ts';
import type { TrainingOptions } from '../../src/train/config.ts';
import { TrainStep } from '../../src/train/step.ts';
import type { Network } from '../network.ts';
import type { ModelState } from '../protocol.ts';
import { toLayer } from './architecture.ts';
import type { Lab } from './lab.ts';

/** One dispatch of the training step, before it has run. */
export interface StepRow extends DispatchNote {
  readonly workgroups: readonly [number, number, number];
  /** Its WGSL, with the values of its constants put in. */
  readonly code: string;
}

/** The training step as the GPU replays it. */
export interface StepList {
  readonly batch: number;
  /** Dispatches that run once, before the first step. */
  readonly prepared: number;
  readonly rows: readonly StepRow[];
  /** Bytes of the intermediates as planned. */
  readonly memory: number;
}

/** The same, measured. */
export interface StepTimes {
  /** Of each dispatch, run alone and many times in a row. */
  readonly lines: readonly ProfileLine[];
  /** Milliseconds of all of them, and of the step as training runs it, from submission to the end. */
  readonly sum: number;
  readonly step: number;
  /** Whether the device told the times, or the clock of the host did. */
  readonly timestamps: boolean;
}

/** Milliseconds that each dispatch is run for at least: 200 times what browsers round timestamps to. */
const SHORTEST = 20;
/** Whole steps that are timed. */
const STEPS = 5;

/** Lists the step of the lab's network without compiling it. */
export function listStep(lab: Lab): StepList {
  const { model, dataset, options } = copyOf(lab);
  using _model = model;
  const { work, prepared, memory } = TrainStep.plan(model, dataset, options)[0]!;
  const rows = work.map(({ note, workgroups, source }) => ({ ...note, workgroups, code: source.code }));
  return { batch: options.batch, prepared: prepared.length, rows, memory: memory.peakBytes };
}

/**
 * Times every dispatch of the step, on a copy of the network, so that nothing that is trained changes.
 * @throws InterruptedError once `signal` has fired.
 */
export async function timeStep(lab: Lab, signal: AbortSignal): Promise<StepTimes> {
  const { model, dataset, options } = copyOf(lab);
  const { device } = lab.bench.engine.gpu;
  using _model = model;
  using step = await TrainStep.compile(model, dataset, options);
  const { batch } = options;
  const indices = Uint32Array.from({ length: batch }, (_, i) => i % dataset.count);
  let count = 0;
  // Of learning rate 0: the same dispatches, and weights that stay where they are however often they are updated.
  const run = () => step.run(indices, batch, ++count, 0);
  await run();
  const time = await timeRuns(device, run, STEPS);
  const { work } = step.compiled[0]!;
  const milliseconds = await timeEach(device, work, SHORTEST, done => {
    if (signal.aborted) throw new InterruptedError('the measurement was stopped');
    lab.emit('measured', { what: 'step', text: `dispatch ${done + 1} of ${work.length}`, done, total: work.length });
  });
  const lines = withSpeeds(work.map(({ dispatch: { note } }, i) => ({ ...note, milliseconds: milliseconds[i]! })));
  const sum = milliseconds.reduce((total, one) => total + one, 0);
  return { lines, sum, step: time, timestamps: device.caps.timestamps };
}

/** The lab's network once more, with its first weights, and how it is trained. */
function copyOf(lab: Lab) {
  const { engine, pictures } = lab.bench;
  const { network } = lab.state.model as ModelState;
  const { name, inputShape } = network.config;
  const model = new Model(engine, toLayer(network.config), { name, inputShape, seed: network.seed });
  return { model, dataset: pictures.dataset!, options: optionsOf(network) };
}

function optionsOf({ training, seed }: Network): TrainingOptions {
  return { ...training, epochs: 1, schedule: 'constant', seed };
}
