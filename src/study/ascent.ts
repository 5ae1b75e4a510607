import { alignUp } from '../gpu/capabilities.ts';
import type { Sampler } from '../kernels/sampler.ts';
import { sizeOf } from '../kernels/spec.ts';
import { BLOCK } from '../nn/index.ts';
import { adam, type OptimizerState } from '../optim/index.ts';
import { gradients } from '../tensor/autograd.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { WavePictures } from './wave-pictures.ts';

/** Deviation of the waves that ascent starts from. */
const START = 0.01;

/** The waves, and Adam on them: the optimizer that trains networks, on one flat tensor. */
export class Ascent implements Disposable {
  /** Of the shape that `WavePictures` says. */
  readonly waves: Tensor;
  private readonly parameters: Tensor;
  private readonly gradients: Tensor;
  private readonly gradient: Tensor;
  private readonly segments: Tensor;
  private readonly notFinite: Tensor;
  private readonly optimizer = adam();
  private readonly state: OptimizerState;

  constructor(
    readonly engine: Engine,
    { shape }: WavePictures,
    random: Sampler,
  ) {
    const size = alignUp(sizeOf(shape), BLOCK);
    const start = new Float32Array(size);
    for (let i = 0; i < sizeOf(shape); i++) start[i] = START * random.normal();
    this.parameters = engine.keep(engine.tensor(start, [size], 'f32', 'waves'));
    this.gradients = engine.keep(engine.tensor(new Float32Array(size), [size], 'f32', 'wave gradients'));
    this.waves = engine.keep(engine.segment(this.parameters, 0, shape, 'waves')).watch();
    this.gradient = engine.keep(engine.segment(this.gradients, 0, shape, 'wave gradients'));
    const table = Float32Array.from({ length: (2 * size) / BLOCK }, (_, i) => Number(i % 2 === 0));
    this.segments = engine.keep(engine.tensor(table, [size / BLOCK, 2], 'f32', 'wave table'));
    this.notFinite = engine.keep(engine.tensor([0], [1], 'u32', 'not finite'));
    this.state = this.optimizer.init(this.parameters);
  }

  /** One step of Adam against a gradient with respect to the pictures, with the learning rate of the engine's step. */
  descend(pictures: Tensor, slope: Tensor): void {
    const { parameters, gradients: flat, state, segments, notFinite } = this;
    gradients(pictures, [this.waves], { dy: slope, into: [this.gradient] });
    this.optimizer.update({ parameters, gradients: flat, state, segments, notFinite });
  }

  [Symbol.dispose](): void {
    const { waves, parameters, gradient, segments, notFinite, state } = this;
    for (const tensor of [waves, parameters, gradient, this.gradients, segments, notFinite, ...Object.values(state)]) {
      tensor.dispose();
    }
  }
}
