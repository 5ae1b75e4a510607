/** Programs of somebody who has installed the package: plain text here, because only there do their imports exist. */

/** 20 steps of a small net in plain JavaScript. Prints the loss before and after as JSON. */
export const TRAIN = `
import { compile, Engine, Model, nn, ops, optim } from 'weft-gpu';
import { openGpu } from 'weft-gpu/node';

const engine = await Engine.open(await openGpu());
const layers = [
  new nn.Conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
  new nn.Flatten({}),
  new nn.Dense({ units: 2 }),
];
const model = new Model(engine, new nn.Sequential({ layers }), { inputShape: [8, 8, 1], seed: 1 });
const { values, gradients, table } = model.parameters;
const optimizer = optim.adam();
const state = optimizer.init(values);
const notFinite = engine.tensor([0], [1], 'u32');

// Horizontal and vertical stripes of every phase.
const [count, size] = [16, 8];
const pixel = (i, y, x) => Number(((i % 2 ? x : y) + (i >> 1)) % 4 < 2);
const pictures = Float32Array.from({ length: count * size * size }, (_, at) =>
  pixel(Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8));
const images = engine.tensor(pictures, [count, size, size, 1]);
const labels = engine.tensor(Uint32Array.from({ length: count }, (_, i) => i % 2), [count], 'u32');

const step = await compile(engine, () => {
  const { loss } = ops.softmaxCrossEntropy(model.forward(images, { training: true }), labels);
  model.parameters.backward(loss);
  optimizer.update({ parameters: values, gradients, state, segments: table, notFinite });
  return loss;
});
const losses = [];
for (let i = 1; i <= 20; i++) {
  await step.run({ seed: 1, step: i, learningRate: 0.02 });
  losses.push(await step.result.item());
}
console.log(JSON.stringify({ losses, device: engine.gpu.device.info.device, arguments: process.execArgv }));
engine[Symbol.dispose]();
`;

/** What the types promise, and what they must refuse. */
export const TYPES = `
import { Engine, type EpochMetrics, findModel, fit, GpuDataset, type ImageData8, Model, ops, ShapeError, type Tensor } from 'weft-gpu';
import { browserFiles, openGpu as openInPage } from 'weft-gpu/browser';
import { nodeFiles, openGpu } from 'weft-gpu/node';

export async function train(pictures: ImageData8): Promise<readonly EpochMetrics[]> {
  using engine = await Engine.open(await openGpu({ adapter: 'software' }));
  using data = new GpuDataset(engine, pictures);
  const recipe = findModel('mlp');
  using model = new Model(engine, recipe.build(), { inputShape: data.imageShape, seed: 1 });
  const train = Uint32Array.from({ length: data.count }, (_, i) => i);
  const { history } = await fit(model, { data, train }, { training: { ...recipe.defaults, seed: 1 } });
  return history;
}

export const product = (a: Tensor, b: Tensor): Tensor => ops.matmul(a, b, { transposeB: true });
export const stores = [nodeFiles, browserFiles, openInPage, ShapeError];
// @ts-expect-error A tensor is not a number.
export const wrong: number = product;
// @ts-expect-error There is no such option.
export const unknown = (a: Tensor): Tensor => ops.matmul(a, a, { transpose: true });
`;
