import { toOnnx } from '../../../src/nn/index.ts';
import type { Lab } from '../lab.ts';

export const inTurn = {
  /** Looks at held-back pictures now. */
  'train.judge': async (lab: Lab, _: undefined) => await lab.training.judge(),

  /** The model as a file. */
  'train.export': async (lab: Lab, { format }: { format: 'safetensors' | 'onnx' }) => {
    const metadata = { model: lab.model.name, step: String(lab.state.training?.step ?? 0) };
    return format === 'onnx' ? await toOnnx(lab.model, metadata) : await lab.model.save(metadata);
  },
};

export const atOnce = {
  /** Makes so many steps; answers when they are done, or when it was paused. */
  'train.run': async (lab: Lab, { steps }: { steps: number }) => await lab.training.run(steps),

  'train.pause': (lab: Lab, _: undefined) => lab.training.pause(),

  'train.setLearningRate': (lab: Lab, { learningRate }: { learningRate: number }) =>
    lab.training.setLearningRate(learningRate),
};
