import { describe, expect, it } from 'vitest';
import { FileError, ValueError } from '../../src/platform/errors.ts';
import { explainOutput, layerArithmetic } from '../../src/study/arithmetic/index.ts';
import { Playback, readRecording, recordTraining } from '../../src/study/recording.ts';
import { TrainingSession } from '../../src/train/session.ts';
import { gpuEngine } from '../support/engine.ts';
import { toyRun, toyTraining } from '../train/toy.ts';

/** A recorded training of the toy net, and the session that it was recorded from. */
async function recorded(budget: number, steps = 20) {
  const run = toyRun(await gpuEngine(), { net: 'conv' });
  const session = await TrainingSession.create(
    run.model,
    { data: run.data, ...run.split },
    { training: toyTraining() },
  );
  const dispose = () => {
    for (const one of [session, run.model, run.data]) one[Symbol.dispose]();
  };
  try {
    const bytes = await recordTraining(session, { steps, budget, about: { adapter: 'the one of this test' } });
    return { ...run, session, bytes, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

describe('a recording', () => {
  it('holds curves and weights within its budget, and plays without a GPU', async () => {
    using made = await recorded(16_000);
    const { session, bytes, images } = made;
    expect(bytes.length).toBeLessThanOrEqual(16_000);
    const recording = readRecording(bytes, 'recording');
    expect(recording.about).toEqual({ adapter: 'the one of this test' });
    expect(recording.history.map(({ loss }) => loss)).toEqual(session.history.map(({ loss }) => Math.fround(loss)));
    const steps = recording.snapshots.map(({ step }) => step);
    expect(steps.length).toBeGreaterThan(4);
    expect([steps[0], steps.at(-1)]).toEqual([0, 20]);
    expect(recording.validations.map(({ step }) => step)).toEqual(steps);
    using playback = new Playback(recording);
    // The device's forward pass at the last step, and the recorded one.
    const picture = Float32Array.from(images.images.subarray(0, 36), byte => byte / 255);
    const run = async ({ engine }: typeof session.model, model = session.model) => {
      const { result, made: tensors } = engine.collect(() => {
        const { output, captured } = model.forward(engine.tensor(picture, [1, 6, 6, 1]), { capture: ['conv2d_1'] });
        return { logits: output, map: captured.conv2d_1! };
      });
      const [logits, map] = [await result.logits.data(), await result.map.data()];
      for (const tensor of tensors) tensor.dispose();
      return { logits, map };
    };
    playback.goTo(1000);
    const [live, played] = [await run(session.model), await run(playback.model, playback.model)];
    played.logits.forEach((logit, i) => {
      expect(Math.abs(logit - live.logits[i]!)).toBeLessThan(0.02);
    });
    // Its arithmetic is that of what is shown.
    const conv = layerArithmetic(playback.model, 'conv2d_1', playback.snapshot.values);
    const { result } = explainOutput(conv, [{ shape: [6, 6, 1], values: picture }], [2, 3, 1]);
    expect(result).toBeCloseTo(played.map[(2 * 6 + 3) * 4 + 1]!, 12);
    playback.goTo(steps[2]! + 0.5);
    expect(playback.snapshot.step).toBe(steps[2]);
    expect((await run(playback.model, playback.model)).logits).not.toEqual(played.logits);
  });

  it('refuses nets that are too large, and bytes that are none', async () => {
    await expect(recorded(7_000)).rejects.toThrow(ValueError);
    using made = await recorded(12_000, 3);
    expect(() => readRecording(made.bytes.subarray(0, -3), 'recording')).toThrow(FileError);
    const { model } = made;
    const weights = await model.save();
    expect(() => readRecording(weights, 'weights')).toThrow(/no format/);
  });
});
