import { describe, expect, it } from 'vitest';
import { findAugmentation } from '../../src/data/augmentation.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { FileError, InterruptedError, NumericError, ResumeError, ValueError } from '../../src/platform/errors.ts';
import { compareBranches } from '../../src/train/branches.ts';
import type { TrainingOptions } from '../../src/train/config.ts';
import { type Edit, filterPlaces } from '../../src/train/edits.ts';
import { fit as fitModel } from '../../src/train/fit.ts';
import { type Change, type SessionOptions, TrainingSession } from '../../src/train/session.ts';
import { decodeSession, encodeSession } from '../../src/train/session-file.ts';
import { gpuEngine } from '../support/engine.ts';
import { toyImages, toyRun, toyTraining } from './toy.ts';

/** Everything that has a state: batch norm, Adam's moments, averaged weights, dropout, augmented pictures. */
const TRAINING = toyTraining({ emaDecay: 0.9, augmentation: findAugmentation('standard') });

/** A session on the toy net of 6 steps an epoch; dispose of the whole. */
async function open(changes: Partial<SessionOptions> & { readonly training?: TrainingOptions } = {}) {
  const run = toyRun(await gpuEngine(), { net: 'conv' });
  const data = { data: run.data, ...run.split };
  const session = await TrainingSession.create(run.model, data, { training: TRAINING, every: 4, ...changes });
  return {
    session,
    data,
    [Symbol.dispose]() {
      session[Symbol.dispose]();
      run.model[Symbol.dispose]();
      run.data[Symbol.dispose]();
    },
  };
}

/** All that a session holds where it stands, to the bit: weights, moments, averages, running statistics, sums. */
async function stateOf(session: TrainingSession) {
  const { loss, accuracy } = await session.evaluate();
  const { about, moments } = await decodeSession(await session.save(), 'state');
  const values = moments.find(({ step }) => step === about.step)!.arrays;
  return { values, loss, accuracy, totals: session.totals, history: [...session.history] };
}

/** Another label for a picture. */
function labelEdit({ data }: Awaited<ReturnType<typeof open>>, example: number): Change {
  return { kind: 'label', example, label: (data.data.labels[example]! + 1) % 4 };
}

describe('a training session', () => {
  it('trains as fit does, to the bit', async () => {
    const { data, split, model } = toyRun(await gpuEngine(), { net: 'conv' });
    using _data = data;
    using _model = model;
    const training = { ...TRAINING, schedule: 'cosine', epochs: 2 } as const;
    const { history } = await fitModel(model, { data, ...split }, { training });
    using opened = await open({ training });
    const { session } = opened;
    for (const [i, epoch] of history.entries()) {
      await session.runEpoch();
      expect(session.position).toEqual({
        step: 6 * (i + 1),
        epoch: i + 1,
        stepInEpoch: 6,
        stepsPerEpoch: 6,
        head: 6 * (i + 1),
      });
      expect(session.totals.loss).toBe(epoch.loss);
      expect(session.totals.accuracy).toBe(epoch.accuracy);
      const { loss, accuracy } = await session.evaluate();
      expect([loss, accuracy]).toEqual([epoch.valLoss, epoch.valAccuracy]);
    }
    expect(session.validations.map(({ step }) => step)).toEqual([6, 12]);
    // Each step's loss is the mean of its own batch: weighed by their images they make the epoch's.
    const rows = [32, 32, 32, 32, 32, 5];
    const mean = session.history.slice(6).reduce((sum, { loss }, i) => sum + loss * rows[i]!, 0) / 165;
    expect(mean).toBeCloseTo(history[1]!.loss, 10);
    const right = session.history.slice(0, 6).map(({ accuracy }, i) => accuracy * rows[i]!);
    for (const count of right) expect(count).toBeCloseTo(Math.round(count), 10);
  });

  it('goes back to any step and forth again with the same bits', async () => {
    using opened = await open();
    const { session } = opened;
    const seen = new Map<number, Awaited<ReturnType<typeof stateOf>>>();
    // At a kept moment, between two, at the end of an epoch, in the padded batch, and before anything.
    for (const step of [0, 1, 5, 6, 8, 11, 17]) {
      await session.goTo(step);
      seen.set(step, await stateOf(session));
    }
    expect(session.timeline.steps).toEqual([0, 4, 8, 12, 16]);
    for (const step of [11, 5, 17, 0, 8, 1, 6]) {
      await session.goTo(step);
      const then = seen.get(step)!;
      const now = await stateOf(session);
      expect(now.values).toEqual(then.values);
      expect([now.loss, now.accuracy]).toEqual([then.loss, then.accuracy]);
      if (step > 0) expect(now.totals).toEqual(then.totals);
      // What was recorded behind it is still known.
      expect(session.position.head).toBe(17);
      expect(now.history.slice(0, step)).toEqual(then.history.slice(0, step));
    }
  });

  it('replays edits, and what was before them without', async () => {
    using opened = await open();
    const { session } = opened;
    const filter = { at: filterPlaces([3, 3, 1, 4], 2), values: new Array<number>(9).fill(0.25) };
    const plan: [number, () => Change][] = [
      [3, () => ({ kind: 'learningRate', value: 0.002 })],
      [5, () => ({ kind: 'dropout', rate: 0.6 })],
      [6, () => ({ kind: 'parameter', name: 'conv2d_1.kernel', ...filter })],
      // Of a picture that the next step sees.
      [7, () => labelEdit(opened, session.nextBatch.indices[0]!)],
      [9, () => ({ kind: 'dropout', layer: 'dropout_1', rate: 0 })],
    ];
    for (const [step, change] of plan) {
      await session.goTo(step);
      await session.change(change());
    }
    const kernel = async () => (await session.model.parameters.read()).get('conv2d_1.kernel')!.data;
    await session.goTo(14);
    const end = await stateOf(session);
    await session.goTo(6);
    // The edited filter alone is what it was set to.
    expect([...(await kernel())].filter(value => value === 0.25)).toHaveLength(9);
    expect(session.settings).toEqual({ learningRate: 0.002, dropout: { dropout_1: 0.6 }, labels: new Map() });
    expect(session.nextBatch.learningRate).toBe(0.002);
    await session.goTo(2);
    expect(session.settings).toEqual({ learningRate: 0.01, dropout: { dropout_1: 0.25 }, labels: new Map() });
    await session.goTo(14);
    expect(await stateOf(session)).toEqual(end);
    expect(session.edits.map(({ step }) => step)).toEqual([3, 5, 6, 7, 9]);
    // The same edits, told beforehand, make the same training.
    using told = await open({ edits: [...session.edits].reverse() });
    await told.session.run(14);
    expect((await stateOf(told.session)).values).toEqual(end.values);
    // And each of them matters.
    for (const left of session.edits) {
      using without = await open({ edits: session.edits.filter(edit => edit !== left) });
      await without.session.run(14);
      expect((await stateOf(without.session)).values).not.toEqual(end.values);
    }
  });

  it('forks: without a change the same bits, with one others from there on', async () => {
    using opened = await open();
    const { session } = opened;
    await session.run(13);
    const end = await stateOf(session);
    using same = await session.fork(7);
    expect(same.position).toMatchObject({ step: 7, head: 7 });
    using other = await session.fork(7, [{ kind: 'learningRate', step: 9, value: 0.05 }]);
    for (let step = 8; step <= 13; step++) {
      // In turn, as side by side.
      await same.run();
      await other.run();
    }
    expect(await stateOf(same)).toEqual({ ...end, history: end.history });
    const { history, values } = await stateOf(other);
    expect(history.slice(0, 10)).toEqual(end.history.slice(0, 10));
    expect(history.slice(10).map(({ loss }) => loss)).not.toEqual(end.history.slice(10).map(({ loss }) => loss));
    expect(values).not.toEqual(end.values);
    expect(await compareBranches(session, same)).toMatchObject({ bitIdentical: true, firstDifferentStep: undefined });
    const apart = await compareBranches(session, other);
    expect(apart).toMatchObject({ bitIdentical: false, firstDifferentStep: 11 });
    const kernel = apart.parameters.find(({ name }) => name === 'dense_1.kernel')!;
    expect(kernel.relative).toBeGreaterThan(0);
    expect(kernel.relative).toBeLessThan(1);
    // A change of labels in one is none in the other, nor in the data.
    await same.change({ kind: 'label', example: 3, label: 0 });
    expect(opened.data.data.labels[3]).toBe(3);
    expect(other.settings.labels.size).toBe(0);
    await session.goTo(7);
    await other.goTo(7);
    expect((await stateOf(other)).values).toEqual((await stateOf(session)).values);
    await expect(session.fork(14)).rejects.toThrow(/only 13 steps/);
    await expect(session.fork(7, [{ kind: 'learningRate', step: 6, value: 1 }])).rejects.toThrow(ValueError);
  });

  it('forgets the future that a change in the past undoes', async () => {
    using opened = await open({ edits: [{ kind: 'learningRate', step: 11, value: 0.1 }] });
    const { session } = opened;
    await session.run(12);
    await session.evaluate();
    await session.goTo(5);
    await session.change({ kind: 'dropout', rate: 0 });
    expect(session.position.head).toBe(5);
    expect(session.history).toHaveLength(5);
    expect(session.validations).toEqual([]);
    expect(session.timeline.steps).toEqual([0, 4]);
    expect(session.edits).toEqual([{ kind: 'dropout', rate: 0, step: 5 }]);
  });

  it('keeps its budget, and all steps within reach', async () => {
    const bytes = async (budget: number) => {
      using opened = await open({ budget, every: 1 });
      const { session } = opened;
      await session.run(10);
      const end = await stateOf(session);
      await session.goTo(3);
      await session.goTo(10);
      expect(await stateOf(session)).toEqual(end);
      return session.timeline;
    };
    const one = (await bytes(0)).bytes;
    const timeline = await bytes(4 * one);
    expect(timeline.steps).toEqual([0, 4, 8]);
    expect(timeline.bytes).toBeLessThanOrEqual(4 * one);
  });

  it('goes on from its file with the same bits, forth and back', async () => {
    using opened = await open({ edits: [{ kind: 'dropout', step: 9, rate: 0.5 }] });
    const { session, data } = opened;
    await session.run(10);
    await session.evaluate();
    const bytes = await session.save();
    const early = await session.goTo(6).then(() => stateOf(session));
    await session.goTo(17);
    const end = await stateOf(session);
    const engine = await gpuEngine();
    using restored = await TrainingSession.restore(engine, bytes, data);
    expect(restored.position).toMatchObject({ step: 10, head: 10 });
    expect(restored.history).toEqual(session.history.slice(0, 10));
    expect(restored.validations.map(({ step }) => step)).toEqual([10]);
    expect(restored.settings).toEqual(session.settings);
    await restored.run(7);
    expect((await stateOf(restored)).values).toEqual(end.values);
    expect(restored.history).toEqual(end.history);
    await restored.goTo(6);
    expect((await stateOf(restored)).values).toEqual(early.values);
    // As when the device is lost: from the kept moments alone.
    using rescued = await TrainingSession.restore(engine, await session.rescue(), data);
    expect((await stateOf(rescued)).values).toEqual(end.values);
  });

  it('refuses files that are damaged, of other data or made by other kernels', async () => {
    using opened = await open();
    const { session, data } = opened;
    const engine = await gpuEngine();
    await session.run(6);
    const bytes = await session.save();
    const altered = bytes.slice();
    altered[altered.length - 5]! ^= 1;
    await expect(TrainingSession.restore(engine, altered, data)).rejects.toThrow(FileError);
    await expect(TrainingSession.restore(engine, bytes.subarray(0, -9), data)).rejects.toThrow(FileError);
    await expect(TrainingSession.restore(engine, await session.model.save(), data)).rejects.toThrow(
      new FileError('session: not a session of this version (no format); open one that it has saved'),
    );
    using other = new GpuDataset(engine, toyImages(60));
    await expect(TrainingSession.restore(engine, bytes, { data: other })).rejects.toThrow(ResumeError);
  });

  it('goes on with other kernels only when it is told to, and then not behind where it begins', async () => {
    using opened = await open();
    const { session, data } = opened;
    await session.run(10);
    const { about, ...rest } = await decodeSession(await session.save(), 'saved');
    const bytes = await encodeSession({ about: { ...about, program: 'of another adapter' }, ...rest });
    const engine = await gpuEngine();
    await expect(TrainingSession.restore(engine, bytes, data)).rejects.toThrow(/'of another adapter'.* so the bits/);
    using moved = await TrainingSession.restore(engine, bytes, { ...data, otherProgram: 'continue' });
    expect(moved.timeline.steps).toEqual([10]);
    expect(moved.history).toHaveLength(10);
    await moved.run(3);
    await moved.goTo(11);
    await expect(moved.goTo(9)).rejects.toThrow(/begins after step 10/);
  });

  it('says what cannot be done, and stays as it was', async () => {
    using opened = await open();
    const { session } = opened;
    await session.run(2);
    const bad: [Parameters<TrainingSession['change']>[0], RegExp][] = [
      [{ kind: 'learningRate', value: 0 }, /positive/],
      [{ kind: 'dropout', rate: 1 }, /up to but not including 1/],
      [{ kind: 'dropout', layer: 'conv2d_1', rate: 0.1 }, /there are dropout_1/],
      [{ kind: 'parameter', name: 'conv2d_1.weights', values: [] }, /there are conv2d_1.kernel/],
      [{ kind: 'parameter', name: 'conv2d_1.bias', values: [1] }, /1 values for 4 places/],
      [{ kind: 'parameter', name: 'conv2d_1.bias', at: [4], values: [1] }, /places 0 to 3/],
      [{ kind: 'parameter', name: 'conv2d_1.bias', at: [0], values: [1e39] }, /not finite/],
      [{ kind: 'label', example: 180, label: 0 }, /no example 180/],
      [{ kind: 'label', example: 0, label: 4 }, /no class 4/],
      [{ kind: 'weather' } as unknown as Edit, /no such kind/],
    ];
    for (const [change, message] of bad) {
      await expect(session.change(change)).rejects.toThrow(ValueError);
      await expect(session.change(change)).rejects.toThrow(message);
    }
    expect(session.edits).toEqual([]);
    await expect(session.goTo(-1)).rejects.toThrow(ValueError);
    const running = session.run(3);
    await expect(session.goTo(0)).rejects.toThrow(/goTo while run is under way/);
    await running;
    expect(session.position.step).toBe(5);
    expect(() => filterPlaces([3, 3, 1, 4], 4)).toThrow(/filters 0 to 3/);
  });

  it('pauses by a signal, and reports every step', async () => {
    using opened = await open();
    const { session } = opened;
    const pause = new AbortController();
    const seen: number[] = [];
    await session.run(100, {
      signal: pause.signal,
      onStep: ({ step }) => {
        seen.push(step);
        if (step === 7) pause.abort();
      },
    });
    const { step } = session.position;
    expect(step).toBeGreaterThanOrEqual(7);
    expect(step).toBeLessThan(12);
    expect(seen).toEqual(Array.from({ length: step }, (_, i) => i + 1));
    await expect(session.evaluate(undefined, AbortSignal.abort())).rejects.toThrow(InterruptedError);
  });

  it('says when training went astray, and goes back to before', async () => {
    using opened = await open();
    const { session } = opened;
    await session.run(6);
    const before = await stateOf(session);
    await session.change({ kind: 'learningRate', value: 1e30 });
    await expect(session.run(6)).rejects.toThrow(NumericError);
    await expect(session.run(1)).rejects.toThrow(NumericError);
    await session.goTo(6);
    expect((await stateOf(session)).values).toEqual(before.values);
    await session.change({ kind: 'learningRate', value: 0.01 });
    await session.run(6);
    expect(session.position.step).toBe(12);
  });

  it('looks ahead: the gradients of the next step, and nothing changed', async () => {
    using opened = await open();
    const { session } = opened;
    await session.run(5);
    const before = await stateOf(session);
    // The padded batch of 5.
    const plain = await session.lookAhead();
    const seen = await session.lookAhead({ layers: ['conv2d_1', 'dropout_1', 'dense_1'] });
    expect((await stateOf(session)).values).toEqual(before.values);
    expect(seen.rows).toBe(5);
    expect([...seen.labels.slice(0, 5)]).toEqual(
      [...session.nextBatch.indices.slice(0, 5)].map(image => opened.data.data.labels[image]),
    );
    expect(seen.activations.conv2d_1!.shape).toEqual([32, 6, 6, 4]);
    expect(seen.activationGradients.conv2d_1!.shape).toEqual([32, 6, 6, 4]);
    expect(seen.activations.dense_1).toEqual(seen.logits);
    // Dropout drops in it, and the padding has no gradient.
    const dropped = seen.activations.dropout_1!.values.subarray(0, 5 * 36).filter(value => value === 0);
    expect(dropped.length).toBeGreaterThan(0);
    expect(seen.activationGradients.conv2d_1!.values.subarray(5 * 144).every(value => value === 0)).toBe(true);
    await session.run();
    const { parameters } = session.model;
    for (const [name, { values }] of Object.entries(plain.parameterGradients)) {
      expect(await parameters.gradient(name).data()).toEqual(values);
    }
    expect(session.history[5]!.loss).toBeCloseTo(plain.loss, 6);
    await expect(session.lookAhead({ layers: ['conv9'] })).rejects.toThrow(ValueError);
  });
});
