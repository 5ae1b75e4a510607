export { cnn, peerCnn } from './cnn.ts';
export { cnnBest } from './cnn-best.ts';
export { mlp } from './mlp.ts';
export { FASHION, type Recipe, type TrainingDefaults } from './recipe.ts';
export { findModel, models } from './registry.ts';
export { resnet20 } from './resnet20.ts';
export { type Vgg16Options, vgg16, vgg16Layers } from './vgg16.ts';
