export { cnn, peerCnn } from './cnn.ts';
export { cnnBest } from './cnn-best.ts';
export { mlp } from './mlp.ts';
export { createModel, loadPretrained, type PretrainedName, pretrainedFile } from './pretrained.ts';
export { FASHION, type Recipe, type TrainingDefaults } from './recipe.ts';
export { findModel, models } from './registry.ts';
export { resnet20 } from './resnet20.ts';
export { type Vgg16Options, vgg16Layers, vgg16Parts, vgg16Plain } from './vgg16.ts';
export { VGG16_INPUTS, type Vgg16Input, type Vgg16TransferOptions, vgg16 } from './vgg16-transfer.ts';
