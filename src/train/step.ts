/**
 * The training step: gather a batch by index, forward, loss, gradients, update, sums. Compiled once; a run of it uploads
 * the indices and the step uniform, and reads nothing back.
 */
import type { Examples } from '../data/examples.ts';
import type { DropoutRates, Model } from '../nn/index.ts';
import { ResumeError } from '../platform/errors.ts';
import { planStep, type StepPlan } from '../tensor/compile.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainingOptions } from './config.ts';
import { peek } from './peek.ts';
import { type MetricTotals, totals } from './running-metrics.ts';
import {
  type CompiledParts,
  checkStep,
  compileParts,
  disposeParts,
  makeParts,
  type StepParts,
  stepFunctions,
} from './step-parts.ts';
import { configureParts } from './trained-parts.ts';
import type { UsedArrays } from './used-arrays.ts';

/** Sums of the epoch so far. */
export interface EpochTotals extends MetricTotals {
  /** Whether any gradient was NaN or infinite. */
  readonly gradientNotFinite: boolean;
  /** The first step since the sums were reset, from 1, whose loss was not finite, if it is known. */
  readonly firstNotFinite: number | undefined;
}

/** Contents of flat tensors by name. */
export type Arrays = Readonly<Record<string, Float32Array | Uint32Array>>;

export class TrainStep implements Disposable {
  /** What is frozen, on the host: a step never changes it. */
  private frozen: Float32Array | undefined;

  private constructor(
    private readonly model: Model,
    private readonly data: Examples,
    private readonly options: TrainingOptions,
    private readonly parts: StepParts,
    private steps: CompiledParts,
  ) {}

  /** One step; with micro-batches the part that runs for each, then the update. */
  get compiled(): CompiledParts {
    return this.steps;
  }

  /**
   * Traces and compiles the step for batches of `options.batch`. The optimizer starts from the model's present weights.
   * @throws ShapeError when the images do not fit the model; ValueError for options that cannot be.
   */
  static async compile(
    model: Model,
    data: Examples,
    options: TrainingOptions,
    progress?: (done: number, total: number) => void,
  ): Promise<TrainStep> {
    checkStep(model, data, options);
    configureParts(model, options);
    const parts = makeParts(model, data, options);
    try {
      return new TrainStep(model, data, options, parts, await compileParts(model, data, options, parts, {}, progress));
    } catch (error) {
      disposeParts(parts, []);
      throw error;
    }
  }

  /** What compiling it would come to, part by part, without compiling it. @throws as `compile`. */
  static plan(model: Model, data: Examples, options: TrainingOptions): StepPlan[] {
    checkStep(model, data, options);
    configureParts(model, options);
    const parts = makeParts(model, data, options);
    try {
      return stepFunctions(model, data, options, parts, {}).map(({ fn, ...settings }) =>
        planStep(model.engine, fn, settings),
      );
    } finally {
      disposeParts(parts, []);
    }
  }

  /**
   * One step on the images `indices`, of which the first `rows` count. Returns when it is submitted.
   * @param step from 1; @param learningRate of this step.
   */
  async run(indices: Uint32Array, rows: number, step: number, learningRate: number): Promise<void> {
    const { seed } = this.options;
    const [first, update] = this.compiled;
    if (!update) {
      this.parts.feed.select(indices, { seed, step });
      await first!.run({ seed, step, rows, learningRate });
      return;
    }
    const { feed } = this.parts;
    const { size } = feed.indices;
    const count = indices.length / size;
    for (let i = 0; i * size < rows; i++) {
      // Numbers of their own, so that each micro-batch draws other dropout masks.
      const draw = (step - 1) * count + i + 1;
      feed.select(indices.subarray(i * size, (i + 1) * size), { seed, step: draw });
      await first!.run({ seed, step: draw, rows: Math.min(size, rows - i * size), learningRate });
    }
    await update.run({ seed, step, rows, learningRate });
  }

  /**
   * Gives layers other rates of dropout from the next step on; those that are not named have the ones they were built
   * with. The step is compiled anew, since rates stand in the uniforms of its kernels; it goes on from where it is.
   */
  async setDropout(rates: DropoutRates): Promise<void> {
    const { model, data, options, parts, steps } = this;
    this.steps = await compileParts(model, data, options, parts, rates);
    for (const step of steps) step[Symbol.dispose]();
  }

  /** Sums since the last reset, as of all steps that have been run so far. Does not hold up those that follow. */
  async totals(): Promise<EpochTotals> {
    const { metrics, notFinite } = this.parts;
    const [losses, counts, flag] = await Promise.all([peek(metrics.losses), peek(metrics.counts), peek(notFinite)]);
    const sums = totals(losses, counts);
    // From the first bad loss on all are, so that the number of bad slots tells how many steps ago it was.
    const bad = losses.filter(value => !Number.isFinite(value)).length;
    const perStep = this.options.microBatches ?? 1;
    const firstNotFinite = bad > 0 && bad < losses.length ? Math.floor((sums.steps - bad) / perStep) + 1 : undefined;
    return { ...sums, gradientNotFinite: flag[0] !== 0, firstNotFinite };
  }

  resetTotals(): void {
    this.parts.metrics.reset();
  }

  /** Everything that training changes, for a checkpoint. Waits for all steps. */
  async readArrays(): Promise<Arrays> {
    const read = async ([name, tensor]: [string, Tensor]) =>
      [name, (name === 'frozen' && this.frozen) || ((await tensor.data()) as Float32Array | Uint32Array)] as const;
    const arrays: Arrays = Object.fromEntries(await Promise.all(this.tensors().map(read)));
    this.frozen = arrays.frozen as Float32Array | undefined;
    return arrays;
  }

  /** Puts a checkpoint's arrays back. @throws ResumeError as `checkArrays` does. */
  writeArrays(arrays: Arrays): void {
    this.checkArrays(arrays);
    for (const [name, tensor] of this.tensors()) {
      // What is frozen may be large, and checkpoints of one run share it.
      if (name !== 'frozen' || arrays.frozen !== this.frozen) tensor.write(arrays[name]!);
    }
    this.frozen = arrays.frozen as Float32Array | undefined;
    // No checkpoint holds what is not finite.
    this.parts.notFinite.write([0]);
  }

  /**
   * Overwrites a parameter, frozen ones too. Moments and averages stay.
   * @param at the places of `values` in it; default: all, row-major. Checked by the caller.
   */
  async writeParameter(name: string, values: ArrayLike<number>, at?: ArrayLike<number>): Promise<void> {
    const tensor = this.model.parameters.get(name);
    const all = await tensor.data();
    for (let i = 0; i < values.length; i++) all[at?.[i] ?? i] = values[i]!;
    tensor.write(all);
    this.frozen = undefined;
  }

  /** @throws ResumeError when one of a checkpoint's arrays is missing or of another size. */
  checkArrays(arrays: Arrays): void {
    for (const [name, { size }] of this.tensors()) {
      const found = arrays[name]?.length;
      if (found === size) continue;
      throw new ResumeError(
        `checkpoint: '${name}' has ${found ?? 'no'} values, this model and optimizer need ${size}; resume with the options the run was started with`,
      );
    }
  }

  private tensors(): [name: string, tensor: Tensor][] {
    const { values, frozen, state } = this.model.parameters;
    const { metrics, state: memory } = this.parts;
    const optimizer = Object.entries(memory).map(([name, tensor]): [string, Tensor] => [`optimizer.${name}`, tensor]);
    return [
      ['parameters', values],
      ...(frozen ? [['frozen', frozen] as [string, Tensor]] : []),
      ...(state ? [['state', state] as [string, Tensor]] : []),
      ...optimizer,
      ['metrics.losses', metrics.losses],
      ['metrics.counts', metrics.counts],
    ];
  }

  /** What the network is to be used with: the averaged weights, if averages are kept. */
  usedArrays(arrays: Arrays): UsedArrays {
    const { frozen, state } = arrays as Partial<UsedArrays>;
    const parameters = (arrays['optimizer.average'] ?? arrays.parameters) as Float32Array;
    return { parameters, ...(frozen && { frozen }), ...(state && { state }) };
  }

  /** Runs `fn` while the model has the weights it is to be used with; afterwards it has those it is trained with. */
  async withUsedWeights<T>(fn: () => Promise<T>): Promise<T> {
    const { average } = this.parts.state;
    if (!average) return await fn();
    const { engine, parameters } = this.model;
    using trained = engine.keep(engine.copy(parameters.values));
    engine.copy(average, parameters.values);
    try {
      return await fn();
    } finally {
      engine.copy(trained, parameters.values);
    }
  }

  [Symbol.dispose](): void {
    disposeParts(this.parts, this.steps);
    // The rows of the last batch are no business of whatever runs next.
    this.model.engine.setStep({ rows: 0 });
  }
}
