import { type CompiledStep, compile, gradients, type Model, ops, type Tensor, ValueError } from '../../src/index.ts';

/** What one pass forwards and backwards gives. */
interface Passed {
  readonly captured: Readonly<Record<string, Tensor>>;
  /** Of the loss with respect to what each layer gives; the picture's is under ''. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** Of the loss with respect to the trained parameters, by name. */
  readonly parameterGradients: Readonly<Record<string, Tensor>>;
  /** Of all parameters since the network was new, laid out as `parameters.values`; unless they came from elsewhere. */
  readonly change: Tensor | undefined;
}

export interface BackwardOptions {
  /** f32 [1, H, W, C]. */
  readonly picture: Tensor;
  /** Part of the target that the loss spreads over all classes. */
  readonly labelSmoothing: number;
  /** A model of the same layers with the numbers that this one started from. */
  readonly first: Model | undefined;
  readonly onGpu: boolean;
}

/**
 * The way of the chosen picture through the network and of its loss back: as the network is used, without dropout and with
 * running statistics. It costs about three forward passes, so it runs only while somebody looks at what comes of it.
 */
export class Backward implements Disposable {
  private readonly label: Tensor;
  /** What `change` is from. */
  private readonly first: Tensor | undefined;
  private step: CompiledStep<Passed> | undefined;
  private latest: { readonly passed: Passed; readonly made: ReadonlySet<Tensor> } | undefined;

  private constructor(
    private readonly model: Model,
    private readonly options: BackwardOptions,
  ) {
    const { engine } = model;
    const { first } = options;
    this.label = engine.keep(engine.tensor([0], [1], 'u32', 'target'));
    this.first = first && engine.keep(engine.noGrad(() => engine.copy(first.parameters.values)));
  }

  static async make(model: Model, options: BackwardOptions): Promise<Backward> {
    const made = new Backward(model, options);
    if (options.onGpu) made.step = await compile(model.engine, () => made.pass(), { label: 'backward' });
    return made;
  }

  private pass(): Passed {
    const { model, first } = this;
    const { picture, labelSmoothing } = this.options;
    const { engine, parameters, layerNames } = model;
    const x = engine.alias(picture, picture.shape).watch();
    const { output, captured } = model.forward(x, { capture: layerNames });
    const { loss } = ops.softmaxCrossEntropy(output, this.label, { labelSmoothing });
    const names = parameters.segments.filter(({ trainable }) => trainable).map(({ name }) => name);
    const watched = [x, ...layerNames.map(name => captured[name]!), ...names.map(name => parameters.get(name))];
    const found = gradients(loss, watched).map((gradient, i) => gradient ?? engine.zeros(watched[i]!.shape));
    const named = (keys: readonly string[], tensors: readonly Tensor[]) =>
      Object.fromEntries(keys.map((key, i) => [key, tensors[i]!]));
    return {
      captured,
      gradients: named(['', ...layerNames], found),
      parameterGradients: named(names, found.slice(1 + layerNames.length)),
      change: first && engine.noGrad(() => ops.sub(parameters.values, first)),
    };
  }

  /** Computes everything anew, with the weights and the picture of now. @param target the class that the loss asks for. */
  async run(target: number): Promise<void> {
    const { engine } = this.model;
    this.label.write([target]);
    if (this.step) return await this.step.run({ rows: 0 });
    this.free();
    engine.setStep({ rows: 0 });
    const { result: passed, made } = engine.collect(() => this.pass());
    this.latest = { passed, made };
  }

  private get passed(): Passed {
    const passed = this.step?.result ?? this.latest?.passed;
    if (passed) return passed;
    throw new ValueError('backward: it has not been run yet');
  }

  /** [1, ...output] of a layer. @throws ValueError for one that there is not. */
  output(layer: string): Tensor {
    return this.found('layer', this.passed.captured, layer);
  }

  /** Gradient of the loss with respect to what a layer gives, of its shape; '' is the picture. @throws ValueError */
  gradient(layer: string): Tensor {
    return this.found('layer', this.passed.gradients, layer);
  }

  /** Gradient of the loss with respect to a parameter, of its shape. @throws ValueError for one that is not trained. */
  parameterGradient(name: string): Tensor {
    return this.found('trained parameter', this.passed.parameterGradients, name);
  }

  /** What training has added to `parameters.values`; undefined where the numbers came from elsewhere. */
  get change(): Tensor | undefined {
    return this.passed.change;
  }

  private found(what: string, tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
    const tensor = tensors[name];
    if (tensor) return tensor;
    throw new ValueError(`backward: there is no ${what} '${name}'; there are ${Object.keys(tensors).join(', ')}`);
  }

  private free(): void {
    for (const tensor of this.latest?.made ?? []) tensor.dispose();
    this.latest = undefined;
  }

  [Symbol.dispose](): void {
    this.step?.[Symbol.dispose]();
    this.free();
    this.label.dispose();
    this.first?.dispose();
  }
}
