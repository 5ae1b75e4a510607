import { Dense, Flatten, Sequential } from '../nn/index.ts';
import { FASHION, type Recipe } from './recipe.ts';

/** 784-256-128-10, ReLU, dropout: what a picture gives away without looking at it as a picture. 235,146 parameters. */
export const mlp: Recipe = {
  name: 'mlp',
  title: 'Multilayer perceptron 784-256-128-10',
  inputShape: FASHION.inputShape,
  build: (classes = FASHION.classes) =>
    new Sequential({
      layers: [
        new Flatten({ name: 'flatten' }),
        new Dense({ name: 'dense1', units: 256, activation: 'relu', dropout: 0.3 }),
        new Dense({ name: 'dense2', units: 128, activation: 'relu', dropout: 0.3 }),
        new Dense({ name: 'logits', units: classes }),
      ],
    }),
  defaults: { epochs: 10, batch: 128, optimizer: 'adam', learningRate: 1e-3, schedule: 'constant' },
};
