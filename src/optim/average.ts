import { movingAverageKernel } from '../kernels/moving-average.ts';
import { blocksOf, checkRange, type Optimizer } from './optimizer.ts';

/**
 * The same optimizer, which also keeps an exponential moving average of the weights (Polyak and Juditsky, 1992):
 * average = decay average + (1 - decay) w after each update, started at the first weights. State: the optimizer's and
 * `average`, which is what to evaluate with.
 * @throws ValueError unless 0 <= decay < 1.
 */
export function withAverage(optimizer: Optimizer, decay = 0.999): Optimizer {
  checkRange('withAverage', 'decay', decay, 0, 1);
  return {
    ...optimizer,
    config: { ...optimizer.config, averageDecay: decay },
    init: parameters => {
      const { engine } = parameters;
      const average = engine.empty(parameters.shape, 'f32', 'optimizer average');
      engine.copy(parameters, average);
      return { ...optimizer.init(parameters), average: engine.keep(average) };
    },
    update: inputs => {
      const { average, ...state } = inputs.state;
      optimizer.update({ ...inputs, state });
      const { parameters } = inputs;
      parameters.engine.run(movingAverageKernel, { blocks: blocksOf(parameters), decay }, { x: parameters, average });
    },
  };
}
