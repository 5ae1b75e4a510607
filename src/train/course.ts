import { Batches } from '../data/batches.ts';
import { makeSchedule, type Schedule } from '../optim/index.ts';
import type { TrainingOptions } from './config.ts';
import type { TrainStep } from './step.ts';

/**
 * The way of a run. Which images a step sees, and at which learning rate, follow from its number alone, so that a run can
 * be resumed, or replayed from any earlier state, with nothing to remember but how many steps were made.
 */
export class Course {
  private readonly batches: Batches;
  private schedule: Schedule;

  constructor(
    private readonly step: TrainStep,
    images: Uint32Array,
    private readonly training: TrainingOptions,
  ) {
    this.batches = new Batches(images, { batch: training.batch, seed: training.seed });
    this.schedule = this.scheduleOf(training.learningRate);
  }

  get stepsPerEpoch(): number {
    return this.batches.stepsPerEpoch;
  }

  /** Gives the schedule another largest learning rate, and keeps its form. @throws ValueError unless it is positive. */
  setLearningRate(rate: number): void {
    this.schedule = this.scheduleOf(rate);
  }

  /** What a step runs on, counted from 1. */
  at(step: number): { readonly indices: Uint32Array; readonly rows: number; readonly learningRate: number } {
    const place = this.batches.after(step - 1);
    return { ...this.batches.at(place.epoch, place.step), learningRate: this.schedule(step) };
  }

  /** Runs a step of the run, counted from 1. Returns when it is submitted. */
  async run(step: number): Promise<void> {
    const { indices, rows, learningRate } = this.at(step);
    await this.step.run(indices, rows, step, learningRate);
  }

  private scheduleOf(learningRate: number): Schedule {
    const { stepsPerEpoch } = this;
    const { schedule, epochs, warmUpEpochs = 0 } = this.training;
    const warmUpSteps = Math.round(warmUpEpochs * stepsPerEpoch);
    return makeSchedule({ schedule, learningRate, warmUpSteps }, epochs * stepsPerEpoch);
  }
}
