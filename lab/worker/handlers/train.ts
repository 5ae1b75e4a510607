import { toOnnx } from '../../../src/nn/index.ts';
import type { Lab } from '../lab.ts';

export const inTurn = {
  /** Looks at held-back pictures now. */
  'train.judge': async (lab: Lab, _: undefined) => await lab.training.judge(),

  /** Goes to where training was after so many steps. */
  'train.goTo': async (lab: Lab, { step }: { step: number }) => await lab.player.goTo(step),

  /** Changes the learning rate of the steps to come. */
  'train.setLearningRate': async (lab: Lab, { learningRate }: { learningRate: number }) =>
    await lab.training.change({ kind: 'learningRate', value: learningRate }),

  /** Changes the rate of every dropout for the steps to come. */
  'train.setDropout': async (lab: Lab, { rate }: { rate: number }) =>
    await lab.training.change({ kind: 'dropout', rate }),

  /** The whole training as a file, to go on from. */
  'train.save': async (lab: Lab, _: undefined) => await lab.training.session.save(),

  /** The model as a file. */
  'train.export': async (lab: Lab, { format }: { format: 'safetensors' | 'onnx' }) => {
    const metadata = { model: lab.model.name, step: String(lab.state.training?.step ?? lab.subject.step) };
    return format === 'onnx' ? await toOnnx(lab.model, metadata) : await lab.model.save(metadata);
  },
};

export const atOnce = {
  /** Makes so many steps; answers when they are done, or when it was paused. */
  'train.run': async (lab: Lab, { steps }: { steps: number }) => await lab.player.run(steps),

  'train.pause': (lab: Lab, _: undefined) => lab.player.pause(),
};
