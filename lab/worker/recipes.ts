import { findModel, nn, type Recipe } from '../../src/index.ts';
import type { ModelConfig } from '../../src/nn/index.ts';
import type { TrainingSettings } from '../network.ts';

/** What there is to begin with. */
export interface Offer {
  readonly name: string;
  readonly title: string;
  readonly config: ModelConfig;
  readonly training: TrainingSettings;
}

/** Learns in seconds where a processor plays the GPU, and has maps that are few enough to be looked at one by one. */
const small: Recipe = {
  name: 'small',
  title: 'Small CNN 8-16',
  inputShape: [28, 28, 1],
  build: (classes = 10) =>
    new nn.Sequential({
      layers: [
        new nn.Conv2d({ name: 'conv1', filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
        new nn.MaxPool2d({ name: 'pool1', window: 2 }),
        new nn.Conv2d({ name: 'conv2', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
        new nn.MaxPool2d({ name: 'pool2', window: 2 }),
        new nn.Flatten({ name: 'flatten' }),
        new nn.Dropout({ name: 'dropout', rate: 0.25 }),
        new nn.Dense({ name: 'logits', units: classes }),
      ],
    }),
  defaults: { epochs: 5, batch: 32, optimizer: 'adam', learningRate: 2e-3, schedule: 'constant' },
};

/** The networks that start at random; those that need converted weights have a tab of their own. */
export const offers: readonly Offer[] = [small, findModel('mlp'), findModel('cnn'), findModel('resnet20')].map(offerOf);

function offerOf({ name, title, inputShape, build, defaults }: Recipe): Offer {
  const { optimizer, batch, learningRate, momentum, weightDecay, labelSmoothing } = defaults;
  const others = { momentum, weightDecay, labelSmoothing };
  const known = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  const layer = build().toJSON();
  const config: ModelConfig = { format: 'weft-model', version: 1, name, inputShape, layer };
  return { name, title, config, training: { optimizer, batch, learningRate, ...known } };
}
