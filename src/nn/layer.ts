/**
 * A layer is a description: plain options, from which `build` makes, for one input shape, what runs.
 *
 *     class Scale extends Layer<LayerOptions> {
 *       readonly type = 'scale';
 *       build(input: Shape, scope: BuildScope): Built {
 *         const factor = scope.parameter('factor', [input.at(-1)!], { initializer: 'ones', decay: false });
 *         return { output: input, flops: sizeOf(input), apply: (x, pass) => mul(x, pass.get(factor)) };
 *       }
 *     }
 *
 * Shapes of layers are those of one example, without the batch axis: [height, width, channels] or [features].
 */
import type { Shape } from '../kernels/spec.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { MaxPool2dOptions } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Initializer } from './initializers.ts';
import type { Declaration } from './parameters.ts';
import { ONE_PIXEL, type Reach, type ReceptiveField, widen } from './receptive-field.ts';

export interface LayerOptions {
  /** Unique among its siblings; no dots. Default: the type and a number, such as `conv2d_1`. */
  readonly name?: string;
}

/** A layer as plain JSON: its type and its options. */
export interface LayerConfig {
  readonly type: string;
  readonly [option: string]: unknown;
}

export abstract class Layer<O extends LayerOptions = LayerOptions> {
  /** What it is, in configurations and messages: 'conv2d'. */
  abstract readonly type: string;

  constructor(readonly options: O) {}

  /** Checks that it can take this input, declares its parameters, and says what it gives. @throws ShapeError */
  abstract build(input: Shape, scope: BuildScope): Built;

  toJSON(): LayerConfig {
    return { type: this.type, ...(this.options as object) };
  }
}

/** What one evaluation is told. */
export interface Pass {
  /** Dropout drops and batch norm uses the batch's own statistics. */
  readonly training: boolean;
  /** A parameter or state by its full name. */
  get(name: string): Tensor;
  /** Rates of dropout in place of those that the layers were built with. */
  readonly dropout?: DropoutRates | undefined;
  /** Told the output of every layer. What it returns, if anything, goes on in place of that output. */
  readonly observe?: ((layer: BuiltLayer, output: Tensor) => Tensor | undefined) | undefined;
}

/** Rates of dropout by the names of the layers that drop. */
export type DropoutRates = Readonly<Record<string, number>>;

/** Where the windows of a max pooling lie, and what it drops. */
export type PoolWindows = Omit<MaxPool2dOptions, 'name'>;

/** What a layer's `build` gives. */
export interface Built {
  /** Shape of its output for one example. */
  readonly output: Shape;
  /** Floating-point operations of one example's forward pass, a multiply-add counting as two; without its children's. */
  readonly flops: number;
  /** What it does to the receptive field; default nothing. Containers give `field` instead. */
  readonly reach?: Reach;
  readonly field?: ReceptiveField;
  /** The layers it is made of. */
  readonly children?: readonly BuiltLayer[];
  /** The activation that its output comes out of; default none. */
  readonly activation?: string;
  /** A convolution's: computes it and the max pooling behind it as one, if it can. */
  readonly withPooling?: (x: Tensor, pass: Pass, pool: PoolWindows) => Tensor;
  /** A max pooling's that asks for that. */
  readonly pooling?: (pass: Pass) => PoolWindows;
  /** [N, ...input] to [N, ...output]. */
  readonly apply: (x: Tensor, pass: Pass) => Tensor;
  /** The same, with something behind it in its own kernels. Only layers whose op can do that have it. */
  readonly applyWith?: ApplyWith | undefined;
}

/** What a residual block puts behind the last layer of its body. */
export interface Behind {
  /** Added to the output, of its shape. */
  readonly residual: Tensor;
  /** Behind the addition; default nothing. */
  readonly activation?: 'relu';
}

export type ApplyWith = (x: Tensor, pass: Pass, behind: Behind) => Tensor;

/** A layer in its place in a model. */
export interface BuiltLayer {
  /** Path from the model's root: `block1.conv1`; '' for the root. */
  readonly name: string;
  readonly type: string;
  readonly input: Shape;
  readonly output: Shape;
  /** Its own, without its children's. */
  readonly parameters: readonly Declaration[];
  readonly flops: number;
  /** How much of the picture one value of the output depends on. */
  readonly field: ReceptiveField;
  readonly children: readonly BuiltLayer[];
  /** The activation that its output comes out of, by name; 'linear' where there is none. */
  readonly activation: string;
  /** Whether it computes the same in training as in use: neither it nor anything inside drops or keeps statistics. */
  readonly steady: boolean;
  readonly withPooling: Built['withPooling'];
  readonly pooling: Built['pooling'];
  readonly apply: (x: Tensor, pass: Pass) => Tensor;
  readonly applyWith: ApplyWith | undefined;
}

/** What all layers of a model share while it is built. */
interface Shared {
  readonly declarations: Declaration[];
  readonly dropouts: [layer: string, rate: number][];
}

/** A layer's place in the model while it is built: gives it its parameters and words its errors. */
export class BuildScope {
  private readonly names = new Set<string>();
  private readonly counts = new Map<string, number>();

  constructor(
    /** Path of the layer being built. */
    readonly name: string,
    readonly type: string,
    /** Receptive field of its input. */
    readonly field: ReceptiveField,
    private readonly shared: Shared = { declarations: [], dropouts: [] },
  ) {}

  /** Everything declared so far, in order. */
  get declarations(): readonly Declaration[] {
    return this.shared.declarations;
  }

  /** Declares a trained parameter and returns its full name, by which `pass.get` gives it. */
  parameter(
    name: string,
    shape: Shape,
    { initializer, decay }: { readonly initializer: Initializer; readonly decay: boolean },
  ): string {
    return this.declare({ name, shape, initializer, decay, role: 'parameter' });
  }

  /** Declares something that is kept but not trained. */
  state(name: string, shape: Shape, initializer: 'zeros' | 'ones'): string {
    return this.declare({ name, shape, initializer, decay: false, role: 'state' });
  }

  private declare(declaration: Declaration): string {
    const name = join(this.name, declaration.name);
    this.shared.declarations.push({ ...declaration, name });
    return name;
  }

  /** Layers that drop, with their rates, as far as they have been built. */
  get dropouts(): readonly (readonly [layer: string, rate: number])[] {
    return this.shared.dropouts;
  }

  /** Notes that this layer drops. Returns a number that no other dropout of the model has; fixed by its position. */
  dropout(rate: number): number {
    return this.shared.dropouts.push([this.name, rate]);
  }

  /** Builds a layer inside this one. `field` is that of its input; `role` is its name when it has none. */
  build(layer: Layer, input: Shape, field: ReceptiveField, role?: string): BuiltLayer {
    return buildLayer(layer, input, new BuildScope(this.childName(layer, role), layer.type, field, this.shared));
  }

  private childName(layer: Layer, role: string | undefined): string {
    const { type } = layer;
    let name = layer.options.name ?? role;
    if (name === undefined) {
      const count = (this.counts.get(type) ?? 0) + 1;
      this.counts.set(type, count);
      name = `${type}_${count}`;
    }
    if (name === '' || name.includes('.'))
      throw new ValueError(`${type} '${name}': a name is not empty and has no dots`);
    if (this.names.has(name)) {
      throw new ValueError(`${type} '${join(this.name, name)}': another layer beside it has this name; rename one`);
    }
    this.names.add(name);
    return join(this.name, name);
  }

  /** @throws ShapeError that names the layer, always. */
  refuse(what: string): never {
    throw new ShapeError(`${layerTitle(this)}: ${what}`);
  }

  /** A whole number from 1, or two of them (rows, columns). @throws ShapeError */
  pair(option: string, value: number | readonly [number, number]): [number, number] {
    const [a, b] = typeof value === 'number' ? [value, value] : value;
    return [this.count(option, a), this.count(option, b)];
  }

  /** A whole number from 1. @throws ShapeError */
  count(option: string, value: number): number {
    if (!Number.isInteger(value) || value < 1) this.refuse(`${option} is ${value}; it must be a whole number from 1`);
    return value;
  }

  /** The sizes of a picture. @throws ShapeError when the input is not one. */
  picture(input: Shape): [height: number, width: number, channels: number] {
    if (input.length !== 3) {
      this.refuse(`input is [${input.join(', ')}], expected [height, width, channels]; put it before what flattens`);
    }
    return input as unknown as [number, number, number];
  }
}

function buildLayer(layer: Layer, input: Shape, scope: BuildScope): BuiltLayer {
  const first = scope.declarations.length;
  const dropouts = scope.dropouts.length;
  const built = layer.build(input, scope);
  const children = built.children ?? [];
  const inner = new Set(children.flatMap(allParameters));
  const declared = scope.declarations.slice(first);
  return {
    name: scope.name,
    type: layer.type,
    input,
    output: built.output,
    parameters: declared.filter(declaration => !inner.has(declaration)),
    flops: built.flops,
    field: built.field ?? widen(scope.field, built.reach),
    children,
    activation: built.activation ?? 'linear',
    steady: scope.dropouts.length === dropouts && declared.every(({ role }) => role === 'parameter'),
    withPooling: built.withPooling,
    pooling: built.pooling,
    apply: built.apply,
    applyWith: built.applyWith,
  };
}

/** What building the outermost layer of a model gives. */
export interface BuiltRoot {
  readonly root: BuiltLayer;
  readonly declarations: readonly Declaration[];
  readonly dropouts: DropoutRates;
}

/** Builds the outermost layer of a model. */
export function buildRoot(layer: Layer, input: Shape): BuiltRoot {
  const scope = new BuildScope('', layer.type, ONE_PIXEL);
  const root = buildLayer(layer, input, scope);
  return { root, declarations: scope.declarations, dropouts: Object.fromEntries(scope.dropouts) };
}

/** What runs one after the other in a layer: containers that do nothing else are opened, however deep they lie. */
export function chainOf(layer: BuiltLayer): BuiltLayer[] {
  return layer.type === 'sequential' ? layer.children.flatMap(chainOf) : [layer];
}

/** The layer and all below it, each before its children. */
export function walk(layer: BuiltLayer): BuiltLayer[] {
  return [layer, ...layer.children.flatMap(walk)];
}

function allParameters(layer: BuiltLayer): Declaration[] {
  return walk(layer).flatMap(({ parameters }) => parameters);
}

export function totalFlops(layer: BuiltLayer): number {
  return walk(layer).reduce((sum, { flops }) => sum + flops, 0);
}

/** `conv2d 'block1.conv1'`: how messages name a layer. */
export function layerTitle({ type, name }: { readonly type: string; readonly name: string }): string {
  return name ? `${type} '${name}'` : type;
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
