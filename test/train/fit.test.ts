import { describe, expect, it, vi } from 'vitest';
import { findAugmentation } from '../../src/data/augmentation.ts';
import { readSafetensors } from '../../src/io/safetensors.ts';
import type { Model } from '../../src/nn/index.ts';
import { FileError, InterruptedError, NumericError, ResumeError, ValueError } from '../../src/platform/errors.ts';
import type { TrainingOptions } from '../../src/train/config.ts';
import type { StepProgress } from '../../src/train/events.ts';
import { type FitOptions, fit as fitModel } from '../../src/train/fit.ts';
import { RunFolder } from '../../src/train/run-folder.ts';
import { TrainStep } from '../../src/train/step.ts';
import { gpuEngine } from '../support/engine.ts';
import { memoryFiles, toyRun, toyTraining } from './toy.ts';

type Net = 'dense' | 'conv';

/** Trains a fresh small network; gives the result and the bits of everything it learned. */
async function run(training: TrainingOptions, more: Partial<FitOptions> = {}, net: Net = 'dense') {
  const { data, split, model } = toyRun(await gpuEngine(), { net });
  try {
    const result = await fitModel(model, { data, ...split }, { training, ...more });
    return { result, bits: await bitsOf(model) };
  } finally {
    model[Symbol.dispose]();
    data[Symbol.dispose]();
  }
}

/** All weights and running statistics, as words: NaN and -0 are told apart too. */
async function bitsOf(model: Model): Promise<number[]> {
  const words = [...(await model.parameters.read()).values()].map(({ data }) => new Uint32Array(data.slice().buffer));
  return words.flatMap(part => [...part]);
}

describe('fit', () => {
  it('learns, and reports what it does', async () => {
    const seen: number[] = [];
    const { result } = await run(toyTraining({ epochs: 12 }), { onEpoch: metrics => void seen.push(metrics.epoch) });
    const { history } = result;
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(history[11]!.loss).toBeLessThan(0.5 * history[0]!.loss);
    expect(history[11]!.valAccuracy).toBeGreaterThan(0.7);
    expect(history[11]!.accuracy).toBeGreaterThan(0.9);
    expect(result).toMatchObject({ epoch: 12, because: 'last', stoppedEarly: false });
    for (const metrics of history) {
      expect(metrics.seconds).toBeGreaterThan(0);
      expect(metrics.imagesPerSecond).toBeGreaterThan(0);
    }
  });

  it('gives the same bits twice, and other bits for another seed', async () => {
    const [once, again, other] = [
      await run(toyTraining(), {}, 'conv'),
      await run(toyTraining(), {}, 'conv'),
      await run(toyTraining({ seed: 8 }), {}, 'conv'),
    ];
    expect(again.bits).toEqual(once.bits);
    expect(other.bits).not.toEqual(once.bits);
    expect(again.result.history.map(m => [m.loss, m.valLoss])).toEqual(
      once.result.history.map(m => [m.loss, m.valLoss]),
    );
  });

  it('works with every optimizer and schedule', async () => {
    const rates = { adam: 0.01, adamw: 0.01, sgd: 0.2, rmsprop: 0.01 } as const;
    const schedules = ['cosine', 'onecycle', 'step', 'constant'] as const;
    for (const [i, optimizer] of (['adam', 'adamw', 'sgd', 'rmsprop'] as const).entries()) {
      const options = { optimizer, learningRate: rates[optimizer], schedule: schedules[i]!, epochs: 6, clipNorm: 5 };
      const { history } = (await run(toyTraining({ ...options, labelSmoothing: 0.05, warmUpEpochs: 1 }))).result;
      expect(history[5]!.loss, optimizer).toBeLessThan(history[0]!.loss);
    }
  });

  it('trains without validation pictures', async () => {
    const { data, split, model } = toyRun(await gpuEngine());
    const all = { data, train: Uint32Array.from([...split.train, ...split.validation]) };
    const { history } = await fitModel(model, all, { training: toyTraining({ epochs: 1 }) });
    expect(history[0]).not.toHaveProperty('valLoss');
    await expect(fitModel(model, all, { training: toyTraining({ patience: 1 }) })).rejects.toThrow(ValueError);
    model[Symbol.dispose]();
    data[Symbol.dispose]();
  });
});

describe('early stopping', () => {
  it('ends the run and gives back the best epoch', async () => {
    // A rate at which the loss soon rises again.
    const training = toyTraining({ epochs: 30, patience: 2, learningRate: 0.5, optimizer: 'rmsprop' });
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    const { result, bits } = await run(training, { folder });
    const losses = result.history.map(m => m.valLoss!);
    expect(result.stoppedEarly).toBe(true);
    expect(result.because).toBe('best-validation');
    expect(result.epoch).toBe(1 + losses.indexOf(Math.min(...losses)));
    expect(result.history).toHaveLength(result.epoch + 2);
    // The same weights as a run that ended there by itself, in the model and in the file.
    const short = await run({ ...training, epochs: result.epoch });
    expect(bits).toEqual(short.bits);
    const { model, data } = toyRun(await gpuEngine());
    model.load(await folder.readModel(), 'run');
    expect(await bitsOf(model)).toEqual(bits);
    model[Symbol.dispose]();
    data[Symbol.dispose]();
  });
});

describe('an interrupt before the first step', () => {
  it('ends the run once its kernels are compiled, and leaves nothing behind', async () => {
    const { files, contents } = memoryFiles();
    const stop = new AbortController();
    stop.abort();
    const options = { folder: new RunFolder(files, 'run'), signal: stop.signal };
    await expect(run(toyTraining(), options)).rejects.toThrow(/interrupted before its first step/);
    expect([...contents.keys()]).toEqual([]);
  });
});

describe('progress', () => {
  it('is timed when the device answers: the steps asked about were only submitted when it was asked', async () => {
    const { totals } = TrainStep.prototype;
    const slow = vi.spyOn(TrainStep.prototype, 'totals').mockImplementation(async function (this: TrainStep) {
      const answer = await totals.call(this);
      await new Promise(resolve => setTimeout(resolve, 300));
      return answer;
    });
    const seen: StepProgress[] = [];
    const training = toyTraining({ epochs: 2 });
    const { history } = (await run(training, { onStep: moment => void seen.push(moment) })).result;
    slow.mockRestore();
    expect(seen.length).toBeGreaterThan(0);
    for (const [i, moment] of seen.entries()) {
      const { epoch, step, imagesPerSecond, secondsLeft } = moment;
      if (seen[i - 1]?.epoch === epoch) expect(step).toBeGreaterThan(seen[i - 1]!.step);
      // A timer may fire a little early.
      expect(imagesPerSecond).toBeLessThan((step * training.batch) / 0.29);
      expect(imagesPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeGreaterThan(0.29);
      expect(secondsLeft).toBeLessThan(Number.POSITIVE_INFINITY);
    }
    for (const { imagesPerSecond } of history) expect(imagesPerSecond).toBeLessThan(165 / 0.29);
  });
});

describe('averaged weights', () => {
  it('are what is validated and kept, while training goes on with its own', async () => {
    const plain = await run(toyTraining());
    const averaged = await run(toyTraining({ emaDecay: 0.9 }));
    const losses = (r: typeof plain) => r.result.history.map(m => m.loss);
    expect(losses(averaged)).toEqual(losses(plain));
    expect(averaged.bits).not.toEqual(plain.bits);
    expect(averaged.result.history[3]!.valLoss).not.toEqual(plain.result.history[3]!.valLoss);
    // A decay of 0 keeps no past: the average is the last weights.
    expect((await run(toyTraining({ emaDecay: 0 }))).bits).toEqual(plain.bits);
  });
});

describe('resume', () => {
  const augmentation = findAugmentation('strong');
  const everything = toyTraining({ emaDecay: 0.9, patience: 50, clipNorm: 1, microBatches: 2, augmentation });

  it('goes on after an epoch with the bits of an unbroken run', async () => {
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    const unbroken = await run(everything, {}, 'conv');
    await run({ ...everything, epochs: 2 }, { folder }, 'conv');
    const resume = await folder.readCheckpoint();
    expect(resume!.position).toMatchObject({ epoch: 3, stepInEpoch: 0, step: 12 });
    const second = await run(everything, { folder, resume }, 'conv');
    expect(second.bits).toEqual(unbroken.bits);
    expect(second.result.history.map(m => [m.epoch, m.loss, m.accuracy, m.valLoss])).toEqual(
      unbroken.result.history.map(m => [m.epoch, m.loss, m.accuracy, m.valLoss]),
    );
    expect((await folder.readMetrics()).map(m => m.epoch)).toEqual([1, 2, 3, 4]);
  });

  it('goes on in the middle of an epoch, wherever it was interrupted', async () => {
    const unbroken = await run(everything, {}, 'conv');
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    let resume = await folder.readCheckpoint();
    const places: number[] = [];
    // Interrupted again and again: the signal fires as soon as anything is heard of the run.
    for (let part = 0; part < 6; part++) {
      const stop = new AbortController();
      const onStep = () => stop.abort();
      const options = { folder, resume, signal: stop.signal, onStep, onEpoch: onStep };
      await expect(run(everything, options, 'conv')).rejects.toThrow(InterruptedError);
      resume = await folder.readCheckpoint();
      places.push(resume!.position.stepInEpoch);
      const { metadata } = readSafetensors(await folder.readModel(), 'run');
      const { bestEpoch, step } = resume!.position;
      expect(metadata).toMatchObject({ step: String(bestEpoch === undefined ? step : 6 * bestEpoch) });
    }
    expect(Math.max(...places), 'interrupted within an epoch').toBeGreaterThan(0);
    const last = await run(everything, { folder, resume }, 'conv');
    expect(last.bits).toEqual(unbroken.bits);
    expect(last.result.history.map(m => [m.loss, m.valLoss])).toEqual(
      unbroken.result.history.map(m => [m.loss, m.valLoss]),
    );
  });

  it('stops early at the epoch at which an unbroken run would have stopped', async () => {
    const training = toyTraining({ epochs: 30, patience: 2, learningRate: 0.5, optimizer: 'rmsprop' });
    const unbroken = await run(training);
    const { epoch } = unbroken.result;
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    // Broken off between the best epoch and the one that ends the run.
    await run({ ...training, epochs: epoch + 1 }, { folder });
    const resume = await folder.readCheckpoint();
    expect(resume!.position.bestEpoch).toBe(epoch);
    const rest = await run(training, { folder, resume });
    expect(rest.result).toMatchObject({ epoch, because: 'best-validation', stoppedEarly: true });
    expect(rest.result.history).toHaveLength(epoch + 2);
    expect(rest.bits).toEqual(unbroken.bits);
  });

  it('refuses a checkpoint of another model or optimizer by what differs', async () => {
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    await run(toyTraining({ epochs: 1 }), { folder });
    const resume = await folder.readCheckpoint();
    await expect(run(toyTraining(), { resume }, 'conv')).rejects.toThrow(ResumeError);
    await expect(run(toyTraining({ emaDecay: 0.9 }), { resume })).rejects.toThrow(/'optimizer.average' has no values/);
  });

  it('refuses to go on with another program, which would give other bits', async () => {
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    const programs: string[] = [];
    const onReady = (program: string) => void programs.push(program);
    await run(toyTraining({ epochs: 1, clipNorm: 1 }), { folder, onReady });
    const resume = await folder.readCheckpoint();
    expect(resume!.position.program).toMatch(/^[0-9a-f]{64}$/);
    // The arrays fit; only what the update does with them differs.
    const other = run(toyTraining({ clipNorm: 2 }), { folder, resume, onReady });
    await expect(other).rejects.toThrow(ResumeError);
    await expect(run(toyTraining({ clipNorm: 2 }), { folder, resume })).rejects.toThrow(
      `run: cannot resume: the program of its steps was '${programs[0]}', is '`,
    );
    // Neither the number of epochs nor the place in the run is part of it.
    await run(toyTraining({ epochs: 2, clipNorm: 1 }), { folder, resume, onReady });
    expect(programs).toEqual([resume!.position.program, resume!.position.program]);
  });

  it('refuses a damaged checkpoint as a file error', async () => {
    const { files, contents } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    await run(toyTraining({ epochs: 1 }), { folder });
    const path = 'run/checkpoint/latest.safetensors';
    contents.set(path, contents.get(path)!.slice(0, -100));
    await expect(folder.readCheckpoint()).rejects.toThrow(FileError);
    contents.set(path, await folder.readModel());
    await expect(folder.readCheckpoint()).rejects.toThrow(/not a checkpoint/);
  });
});

describe('numbers that are not finite', () => {
  /** Trains with a folder that holds one good epoch, after `spoil` has changed the model. */
  async function spoiled(spoil: (model: Model) => void, changes: Partial<TrainingOptions> = {}, train?: Uint32Array) {
    const { data, split, model } = toyRun(await gpuEngine());
    const { files, contents } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    try {
      await fitModel(model, { data, ...split }, { training: toyTraining({ epochs: 1 }), folder });
      const before = contents.get('run/checkpoint/latest.safetensors');
      spoil(model);
      const pictures = { data, ...split, ...(train && { train }) };
      const failed = fitModel(model, pictures, { training: toyTraining(changes), folder });
      const error = await failed.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(contents.get('run/checkpoint/latest.safetensors')).toBe(before);
      return error as Error;
    } finally {
      model[Symbol.dispose]();
      data[Symbol.dispose]();
    }
  }

  it('in the weights stop the run', async () => {
    const error = await spoiled(model => {
      const kernel = model.parameters.get('dense_1.kernel');
      kernel.write(new Float32Array(kernel.size).fill(Number.NaN));
    });
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toMatch(
      /the loss became NaN or infinite in epoch 1, at step 1 of 6; lower the learning rate/,
    );
  });

  it('in the loss stop the run at the step where it happened', async () => {
    // An index past the end of the data has no picture, and its loss is NaN.
    const train = Uint32Array.from({ length: 160 }, (_, i) => i);
    train[77] = 5000;
    const error = await spoiled(() => {}, {}, train);
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toMatch(/the loss became NaN or infinite in epoch 1, at step [1-5] of 5/);
  });

  it('in a gradient stop the run although the loss is finite', async () => {
    const error = await spoiled(model => {
      const { parameters } = model;
      const fill = (name: string, value: number) =>
        parameters.get(name).write(new Float32Array(parameters.get(name).size).fill(value));
      // The gradient of the first layer overflows: the weights behind it times 16 units exceed the largest float.
      fill('dense_1.kernel', 1e-36);
      fill('dense_2.kernel', 0);
      parameters.get('dense_2.kernel').write(Float32Array.from({ length: 64 }, (_, i) => (i % 4 ? -3e38 : 3e38)));
    });
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toMatch(/a gradient became NaN or infinite in epoch 1, by step [1-6] of 6/);
  });

  it('from a learning rate that is too high stop the run', async () => {
    const error = await spoiled(() => {}, { optimizer: 'sgd', learningRate: 1e30 });
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toMatch(/lower the learning rate \(1e\+30\)/);
  });
});

describe('a folder that cannot be written', () => {
  it('ends the run with a file error and keeps what was there', async () => {
    let full = false;
    const { files, contents } = memoryFiles(() => full);
    const folder = new RunFolder(files, 'run');
    const onEpoch = () => {
      full = true;
    };
    await expect(run(toyTraining(), { folder, onEpoch })).rejects.toThrow(FileError);
    expect((await folder.readCheckpoint())!.position.epoch).toBe(2);
    expect(await folder.readMetrics()).toHaveLength(1);
    expect([...contents.keys()].sort()).toEqual([
      'run/checkpoint/latest.safetensors',
      'run/metrics.jsonl',
      'run/model.safetensors',
    ]);
  });

  it('is taken when it holds a run', async () => {
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    await folder.refuseOther();
    await files.write('run/config.json', JSON.stringify({ model: { name: 'mlp' }, training: {} }));
    await expect(folder.refuseOther()).rejects.toThrow(/^run: holds a run already \(mlp, 0 epochs finished\)/);
    await files.write('run/config.json', '{"model": {}');
    await expect(folder.readConfig()).rejects.toThrow(/config.json: not a run's configuration/);
  });
});
