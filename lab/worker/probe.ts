import { type CompiledStep, compile, type Model, type Tensor, ValueError } from '../../src/index.ts';
import type { Captured } from '../../src/nn/model.ts';

/** The forward pass of the chosen picture, with what every layer makes of it. */
export class Probe implements Disposable {
  private constructor(
    private readonly model: Model,
    private readonly picture: Tensor,
    private readonly step: CompiledStep<Captured> | undefined,
    private latest: Captured | undefined,
  ) {}

  /** Compiles it on a GPU; on the reference engine it is run as it stands. */
  static async make(model: Model, picture: Tensor, onGpu: boolean): Promise<Probe> {
    if (!onGpu) return new Probe(model, picture, undefined, undefined);
    const { engine } = model;
    const fn = () => engine.noGrad(() => model.forward(picture, { capture: model.layerNames }));
    const step = await compile(engine, fn, { label: 'probe' });
    return new Probe(model, picture, step, step.result);
  }

  /** Computes all layers anew, with the weights and the picture of now. */
  async run(): Promise<void> {
    if (this.step) return await this.step.run({ rows: 0 });
    const { engine } = this.model;
    this.free();
    this.latest = engine.noGrad(() => this.model.forward(this.picture, { capture: this.model.layerNames }));
    for (const tensor of this.tensors()) engine.keep(tensor);
  }

  /** [1, ...output] of a layer, as of the latest run. @throws ValueError for a layer that there is not. */
  output(layer: string): Tensor {
    const tensor = this.latest?.captured[layer];
    if (tensor) return tensor;
    throw new ValueError(`layer '${layer}': the network has none of that name, or has not been run yet`);
  }

  /** Logits [1, classes], as of the latest run. */
  get logits(): Tensor {
    if (this.latest) return this.latest.output;
    throw new ValueError('probe: it has not been run yet');
  }

  private tensors(): Tensor[] {
    return this.latest ? [this.latest.output, ...Object.values(this.latest.captured)] : [];
  }

  private free(): void {
    for (const tensor of this.tensors()) tensor.dispose();
    this.latest = undefined;
  }

  [Symbol.dispose](): void {
    if (this.step) this.step[Symbol.dispose]();
    else this.free();
  }
}
