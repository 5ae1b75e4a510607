/**
 * A network that can be run: an architecture (a layer), its parameters, and the engine they live on.
 *
 *     const model = new Model(engine, layer, { name, inputShape: [28, 28, 1], seed: 1 });
 *     const logits = model.forward(images, { training: true });          // [N, 28, 28, 1] -> [N, 10]
 *     const { output, captured } = model.forward(images, { capture: ['conv1'] });
 *     model.parameters                                                   // see parameters.ts
 *     model.summary()                                                    // the table that people know from Keras
 *     Model.fromJSON(engine, JSON.parse(text), { seed })                 // from model.toJSON(); then load the weights
 *     await model.save(metadata);  model.load(bytes, path);              // safetensors
 *     model[Symbol.dispose]()
 */
import { readSafetensors } from '../io/safetensors.ts';
import type { Shape } from '../kernels/spec.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  type BuiltLayer,
  buildRoot,
  chainOf,
  type DropoutRates,
  type Layer,
  type LayerConfig,
  type Pass,
  walk,
} from './layer.ts';
import { layerFromJSON } from './layers/registry.ts';
import { ParameterSet } from './parameters.ts';
import { runLayer, runLayers } from './run-layers.ts';
import { describeModel, type ModelDescription, summaryTable } from './summary.ts';

export interface ModelOptions {
  /** What reports call it; default 'model'. */
  readonly name?: string;
  /** Shape of one example, such as [28, 28, 1]. */
  readonly inputShape: Shape;
  /** Key of the first parameter values; default 0. */
  readonly seed?: number;
}

export interface ForwardOptions {
  /** Dropout drops and batch norm learns its statistics; default false. */
  readonly training?: boolean;
  /** Layers whose outputs are wanted too, by name. */
  readonly capture?: readonly string[];
  /** Makes of a layer's output, by its name, what goes on in its place: of the same shape. Captured is what goes on. */
  readonly replace?: Readonly<Record<string, (output: Tensor) => Tensor>>;
  /** Rates of dropout in training in place of `model.dropouts`, by layer. */
  readonly dropout?: DropoutRates | undefined;
}

/** Part of the chain of a model's layers. */
export interface PartOptions extends ForwardOptions {
  /** The first layer that is run; default 0. */
  readonly from?: number;
  /** The first that is not; default all are. */
  readonly to?: number;
}

/** An output with those of layers inside. */
export interface Captured {
  readonly output: Tensor;
  readonly captured: Readonly<Record<string, Tensor>>;
}

/** A model's architecture as plain JSON. */
export interface ModelConfig {
  readonly format: 'weft-model';
  readonly version: 1;
  readonly name: string;
  readonly inputShape: Shape;
  readonly layer: LayerConfig;
}

export class Model implements Disposable {
  readonly name: string;
  readonly inputShape: Shape;
  /** The layers in their places; `walk(model.root)` gives all. */
  readonly root: BuiltLayer;
  /** Of the layers that drop in training, the rates that they were built with. */
  readonly dropouts: DropoutRates;
  readonly parameters: ParameterSet;

  /** @throws ShapeError, ValueError naming the layer that cannot be built. */
  constructor(
    readonly engine: Engine,
    readonly layer: Layer,
    options: ModelOptions,
  ) {
    this.name = options.name ?? 'model';
    this.inputShape = [...options.inputShape];
    const { root, declarations, dropouts } = buildRoot(layer, this.inputShape);
    this.root = root;
    this.dropouts = dropouts;
    this.parameters = new ParameterSet(engine, declarations, options.seed ?? 0);
  }

  /** @throws ValueError when it is not what `toJSON` gives. */
  static fromJSON(engine: Engine, config: unknown, options: { readonly seed?: number } = {}): Model {
    const { format, version, name, inputShape, layer } = (config ?? {}) as Partial<ModelConfig>;
    if (format !== 'weft-model' || version !== 1) {
      throw new ValueError(
        `architecture: not a weft-model of version 1 (${format} ${version}); use the weft that wrote it`,
      );
    }
    if (!Array.isArray(inputShape) || typeof name !== 'string') {
      throw new ValueError("architecture: it lacks 'name' or 'inputShape'; use what Model.toJSON gives");
    }
    return new Model(engine, layerFromJSON(layer), { name, inputShape, ...options });
  }

  toJSON(): ModelConfig {
    const { name, inputShape, layer } = this;
    return { format: 'weft-model', version: 1, name, inputShape, layer: layer.toJSON() };
  }

  /** Shape of one example's output. */
  get outputShape(): Shape {
    return this.root.output;
  }

  /** The layers that run one after the other, from pictures to logits, with `Sequential` ones opened. */
  get chain(): readonly BuiltLayer[] {
    return chainOf(this.root);
  }

  /** Names of all layers, outer before inner. */
  get layerNames(): readonly string[] {
    return walk(this.root)
      .map(({ name }) => name)
      .filter(name => name !== '');
  }

  /** A layer by its name. @throws ValueError when there is none, naming those that exist. */
  findLayer(name: string): BuiltLayer {
    const found = walk(this.root).find(layer => layer.name === name && name !== '');
    if (found) return found;
    throw new ValueError(`model '${this.name}': there is no layer '${name}'; there are ${this.layerNames.join(', ')}`);
  }

  /**
   * Runs the network on [N, ...inputShape]; the result is [N, ...outputShape].
   * @throws ShapeError when x has another shape; ValueError for a captured or replaced layer that does not exist.
   */
  forward(x: Tensor, options: ForwardOptions & { readonly capture: readonly string[] }): Captured;
  forward(x: Tensor, options?: ForwardOptions): Tensor;
  forward(x: Tensor, options: ForwardOptions = {}): Tensor | Captured {
    const { training = false, capture, dropout, replace } = options;
    if (x.rank !== this.inputShape.length + 1) {
      throw new ShapeError(`model '${this.name}': input is ${x}, expected [N, ${this.inputShape.join(', ')}]`);
    }
    const { observe, captured } = this.observer(capture, replace);
    const pass: Pass = { training, get: name => this.parameters.get(name), dropout, observe };
    const output = runLayer(this.root, x, pass);
    return capture ? { output, captured } : output;
  }

  /**
   * Runs part of `chain` on [N, ...input of its first layer]: what a whole pass does there, with the same kernels.
   * @throws ShapeError when x has another shape; ValueError for a captured or replaced layer that does not exist.
   */
  forwardPart(x: Tensor, options: PartOptions & { readonly capture: readonly string[] }): Captured;
  forwardPart(x: Tensor, options: PartOptions): Tensor;
  forwardPart(x: Tensor, options: PartOptions): Tensor | Captured {
    const { training = false, dropout, capture, replace, from = 0, to } = options;
    const { observe, captured } = this.observer(capture, replace);
    const pass: Pass = { training, get: name => this.parameters.get(name), dropout, observe };
    const output = runLayers(this.chain.slice(from, to), x, pass);
    return capture ? { output, captured } : output;
  }

  private observer(
    capture: readonly string[] = [],
    replace: NonNullable<ForwardOptions['replace']> = {},
  ): { observe: Pass['observe']; captured: Record<string, Tensor> } {
    const captured: Record<string, Tensor> = {};
    const wanted = new Set(capture);
    const replaced = new Map(Object.entries(replace));
    for (const name of [...wanted, ...replaced.keys()]) this.findLayer(name);
    const observe: Pass['observe'] = (layer, output) => {
      const result = replaced.get(layer.name)?.(output);
      if (wanted.has(layer.name)) captured[layer.name] = result ?? output;
      return result;
    };
    return { observe: wanted.size + replaced.size > 0 ? observe : undefined, captured };
  }

  /** Layers, shapes, parameters and costs as data. */
  describe(): ModelDescription {
    return describeModel(this.name, this.root);
  }

  /** The same as a table for people. */
  summary(): string {
    return summaryTable(this.describe());
  }

  /** Parameters and state as a safetensors file. */
  async save(metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
    return this.parameters.save(metadata);
  }

  /** Takes parameters and state from a safetensors file. @throws FileError naming what does not fit. */
  load(bytes: Uint8Array, where: string): void {
    this.parameters.load(readSafetensors(bytes, where));
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
