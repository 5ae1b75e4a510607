import type { Examples } from '../data/examples.ts';
import type { Model } from '../nn/index.ts';
import { allOrNone } from '../tensor/compile.ts';
import type { TrainingOptions } from './config.ts';
import { Evaluator } from './evaluate.ts';
import { TrainStep } from './step.ts';

/** What a run executes: its training step, and the forward pass that it is judged by. */
export interface Prepared extends Disposable {
  readonly step: TrainStep;
  readonly evaluator: Evaluator | undefined;
}

/**
 * Compiles everything that a run needs, all at the same time, before its first step. The last, smaller batch of an epoch
 * needs nothing of its own: it is padded.
 * @throws what `TrainStep.compile` and `Evaluator.compile` do.
 */
export async function prepareRun(
  model: Model,
  data: Examples,
  training: TrainingOptions,
  options: { readonly evaluate: boolean; readonly progress?: (done: number, total: number) => void },
): Promise<Prepared> {
  const { evaluate, progress } = options;
  const jobs: [Promise<TrainStep>, ...Promise<Evaluator>[]] = [TrainStep.compile(model, data, training, progress)];
  if (evaluate) jobs.push(Evaluator.compile(model, data, progress ? { progress } : {}));
  const [step, evaluator] = (await allOrNone<TrainStep | Evaluator>(jobs)) as [TrainStep, Evaluator | undefined];
  return {
    step,
    evaluator,
    [Symbol.dispose]() {
      evaluator?.[Symbol.dispose]();
      step[Symbol.dispose]();
    },
  };
}
