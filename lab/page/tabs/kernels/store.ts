/** The training step as a list, what was measured of it, and which dispatch is looked at. */
import { computed, signal } from '@preact/signals';
import type { OpResult } from '../../../../src/tensor/bench-op.ts';
import type { MeasureProgress } from '../../../protocol.ts';
import type { Call, Measured } from '../../../worker/handlers/kernels.ts';
import type { StepList, StepTimes } from '../../../worker/step-list.ts';
import { ask, hear, Refusal } from '../../client.ts';
import { attempt } from '../../store.ts';

export const list = signal<StepList | undefined>(undefined);
export const times = signal<StepTimes | undefined>(undefined);
/** What the device can do at most, by the medians of its microbenchmarks. */
export const roof = signal<{ readonly gflops: number; readonly gigabytesPerSecond: number } | undefined>(undefined);

export const GROUPINGS = { order: 'As it runs', layer: 'By layer', kernel: 'By kernel' } as const;
export type Grouping = keyof typeof GROUPINGS;
export const grouping = signal<Grouping>('order');

/** Place in the list of the dispatch that is looked at. */
export const chosen = signal(0);
export const chosenRow = computed(() => list.value?.rows[chosen.value]);
/** Its call, with the shape that its ladder is run for. */
export const call = signal<Call | undefined>(undefined);
/** What was typed that is no call, and why. */
export const callProblem = signal<{ readonly typed: string; readonly text: string } | undefined>(undefined);

/** Ladders that were run, by kernel and shape. */
export const ladders = signal<Readonly<Record<string, OpResult>>>({});
export const ladderOf = (kernel: string, shape: string) => `${kernel} ${shape}`;
export const ladder = computed(() => {
  const [row, now] = [chosenRow.value, call.value];
  return row && now && ladders.value[ladderOf(row.kernel, now.shape)];
});

/** The reader's own kernels, by the kernel in whose place they stand. */
export const own = signal<Readonly<Record<string, string>>>({});
/** What is wrong with the one that was tried last, in the words of the proof or of the driver. */
export const ownProblem = signal<{ readonly kernel: string; readonly text: string } | undefined>(undefined);

/** What is being measured. */
export const busy = signal<MeasureProgress | undefined>(undefined);

hear('measured', progress => {
  if (busy.value?.what === progress.what) busy.value = progress;
});

/** Lists the step of the network as it is now. */
export async function load(): Promise<void> {
  await attempt('The step cannot be listed', async () => {
    list.value = await ask('kernels.list');
    times.value = undefined;
    await choose(dearest(list.value));
  });
}

/** The dispatch with the most work: what is worth a look first. */
function dearest({ rows }: StepList): number {
  const most = Math.max(...rows.map(({ flops }) => flops));
  return Math.max(
    0,
    rows.findIndex(({ flops }) => flops === most),
  );
}

export async function choose(place: number): Promise<void> {
  chosen.value = place;
  ownProblem.value = undefined;
  const row = chosenRow.value;
  if (row) await setShape(row.shape);
}

/** Takes another call of the chosen kernel. */
export async function setShape(shape: string): Promise<void> {
  const row = chosenRow.value;
  if (!row) return;
  try {
    call.value = await ask('kernels.call', { kernel: row.kernel, shape });
    callProblem.value = undefined;
  } catch (error) {
    callProblem.value = { typed: shape, text: (error as Error).message };
  }
}

export const measureStep = () =>
  measuring('step', 'compiling', 'The step could not be timed', async () => {
    times.value = await ask('kernels.time');
  });

export const measureRoof = () =>
  measuring('roofline', 'compiling', 'The roofline could not be measured', async () => {
    const { gflops, gigabytesPerSecond } = await ask('kernels.roofline');
    roof.value = { gflops: gflops.median, gigabytesPerSecond: gigabytesPerSecond.median };
  });

export const runLadder = () => measuring('ladder', 'starting', 'The ladder could not be run', () => climb(undefined));

/** Proves and times the reader's own kernel beside the others. */
export const tryOwn = (wgsl: string) =>
  measuring('ladder', 'starting', 'Your kernel could not be tried', async () => {
    const { kernel } = chosenRow.value!;
    ownProblem.value = undefined;
    try {
      await climb(wgsl);
    } catch (error) {
      // Wrong values, what the driver refuses, a header that says too little: to be read beside the text.
      const isItsFault = error instanceof Refusal && ['KernelError', 'ValueError', 'LimitError'].includes(error.name);
      if (!isItsFault) throw error;
      ownProblem.value = { kernel, text: error.message };
    }
  });

async function climb(wgsl: string | undefined): Promise<void> {
  const { kernel } = chosenRow.value!;
  const { shape } = call.value!;
  const result = await ask('kernels.ladder', { kernel, shape, ...(wgsl !== undefined && { wgsl }) });
  ladders.value = { ...ladders.value, [ladderOf(kernel, shape)]: result };
}

/** One at a time: two would hold each other up, and both would look slow. */
async function measuring(what: Measured, text: string, title: string, work: () => Promise<void>): Promise<void> {
  if (busy.value) return;
  busy.value = { what, text };
  await attempt(title, async () => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal && error.name === 'InterruptedError')) throw error;
    } finally {
      busy.value = undefined;
    }
  });
}

export const stop = () => void (busy.value && ask('kernels.stop', { what: busy.value.what }));
