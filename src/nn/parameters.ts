/**
 * All numbers that a model learns, in one flat tensor, so that one dispatch can update them all.
 *
 *     parameters.values                 flat f32 tensor; every parameter is a segment that starts on a multiple of 64
 *     parameters.segments               [{ name, shape, start, size, trainable, decay, learningRateScale }]
 *     parameters.get(name)              the segment as a tensor of its shape (or a state such as a running mean)
 *     parameters.state                  flat tensor of what is kept but not trained; undefined when there is none
 *     parameters.backward(loss)         gradients of all trainable parameters, into `gradients`
 *     parameters.gradients              flat tensor of the same layout; ask for it before compiling a step
 *     parameters.table                  [blocks, 2] f32: (learning-rate scale, weight-decay factor) of each 64 elements
 *     parameters.zerosLike(name)        another flat tensor of that layout: moments, averages
 *     parameters.configure(match, ...)  freezes, or sets learning-rate scale or decay
 *     await parameters.save(metadata)   safetensors bytes, by name;  parameters.load(readSafetensors(bytes, path))
 */

import { type SafetensorsFile, type SafetensorsSource, writeSafetensors } from '../io/safetensors.ts';
import { fillKernel } from '../kernels/fill.ts';
import { type Shape, sizeOf } from '../kernels/spec.ts';
import { FileError, ValueError } from '../platform/errors.ts';
import { gradients } from '../tensor/autograd.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Initializer, initialValues } from './initializers.ts';

/** Elements in a block: a segment starts on one, so that it can be bound, and a block belongs to one segment. */
export const BLOCK = 64;

/** What a layer asks for when it is built. */
export interface Declaration {
  /** Unique in the model: the path of the layer, a dot, and what it is: `block1.conv1.kernel`. */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** Trained, or only kept: running statistics. */
  readonly role: 'parameter' | 'state';
  /** Whether weight decay applies. Not to biases and to the scales and shifts of a normalisation. */
  readonly decay: boolean;
}

/** Where a parameter lies in the flat tensor and how it is trained. */
export interface Segment {
  readonly name: string;
  readonly shape: Shape;
  /** First element; a multiple of 64. */
  readonly start: number;
  readonly size: number;
  /** Frozen when false: no gradient is computed and no optimizer moves it. */
  readonly trainable: boolean;
  readonly decay: boolean;
  readonly learningRateScale: number;
}

export class ParameterSet implements Disposable {
  /** Flat f32 tensor of all parameters; the gaps between segments hold zeros. */
  readonly values: Tensor;
  /** Flat f32 tensor of all state. */
  readonly state: Tensor | undefined;
  /** (learning-rate scale, weight-decay factor) of each block of 64 elements; the scale is 0 where frozen. */
  readonly table: Tensor;
  private parts: readonly Segment[];
  private readonly stateParts: readonly Segment[];
  private readonly views = new Map<string, Tensor>();
  private readonly owned: Tensor[] = [];
  private gradientFlat: Tensor | undefined;
  private readonly gradientViews = new Map<string, Tensor>();

  /** Lays the parameters out in the order of their declaration and gives them their first values. */
  constructor(
    readonly engine: Engine,
    declarations: readonly Declaration[],
    seed: number,
  ) {
    const names = new Set<string>();
    for (const { name } of declarations) {
      if (names.has(name)) throw new ValueError(`parameters: '${name}' is declared twice; give its layer another name`);
      names.add(name);
    }
    const parameters = declarations.filter(({ role }) => role === 'parameter');
    const state = declarations.filter(({ role }) => role === 'state');
    this.parts = layOut(parameters, true);
    this.stateParts = layOut(state, false);
    this.values = this.makeFlat('parameters', initialise(parameters, this.parts, seed));
    this.state = state.length > 0 ? this.makeFlat('state', initialise(state, this.stateParts, seed)) : undefined;
    this.table = this.makeFlat('block table', this.tableValues(), [this.values.size / BLOCK, 2]);
    for (const { name, start, shape } of this.parts) this.addView(this.views, name, this.values, start, shape).watch();
    for (const { name, start, shape } of this.stateParts) this.addView(this.views, name, this.state!, start, shape);
  }

  get segments(): readonly Segment[] {
    return this.parts;
  }

  get stateSegments(): readonly Segment[] {
    return this.stateParts;
  }

  /** Number of parameters, without the gaps. */
  get count(): number {
    return this.parts.reduce((sum, { size }) => sum + size, 0);
  }

  /** A parameter or state as a tensor that shares the flat tensor's memory. @throws ValueError for an unknown name. */
  get(name: string): Tensor {
    const view = this.views.get(name);
    if (!view)
      throw new ValueError(`parameters: there is no '${name}'; there are ${[...this.views.keys()].join(', ')}`);
    return view;
  }

  /** Flat gradients, of the layout of `values`; zero in the gaps and for what is frozen. Made at the first call. */
  get gradients(): Tensor {
    if (!this.gradientFlat) {
      this.gradientFlat = this.makeFlat('gradients', new Float32Array(this.values.size));
      for (const { name, start, shape } of this.parts) {
        this.addView(this.gradientViews, name, this.gradientFlat, start, shape, `${name} gradient`);
      }
    }
    return this.gradientFlat;
  }

  /** The gradient of one parameter, a part of `gradients`. */
  gradient(name: string): Tensor {
    void this.gradients;
    const view = this.gradientViews.get(name);
    if (!view) throw new ValueError(`parameters: '${name}' has no gradient; it is state or does not exist`);
    return view;
  }

  /** Differentiates `loss` with respect to all trainable parameters; the result is in `gradients`. */
  backward(loss: Tensor): void {
    const trained = this.parts.filter(({ trainable }) => trainable);
    const into = trained.map(({ name }) => this.gradient(name));
    const found = gradients(
      loss,
      trained.map(({ name }) => this.get(name)),
      { into },
    );
    // What the loss does not depend on must not keep the gradient of another step.
    found.forEach((gradient, i) => {
      const out = into[i]!;
      if (!gradient) this.engine.run(fillKernel, { size: out.size, value: 0 }, {}, { out });
    });
  }

  /** A flat tensor of zeros with the layout of `values`; the caller disposes it. Not inside a compiled step. */
  zerosLike(name: string): Tensor {
    return this.engine.keep(this.engine.tensor(new Float32Array(this.values.size), this.values.shape, 'f32', name));
  }

  /**
   * Changes how parameters are trained: all whose name `match` accepts, or starts with it followed by a dot (a layer).
   * Compile steps anew afterwards when `trainable` changes. Returns the names.
   * @throws ValueError when no parameter matches, or for a negative scale.
   */
  configure(
    match: string | ((segment: Segment) => boolean),
    change: { readonly trainable?: boolean; readonly learningRateScale?: number; readonly decay?: boolean },
  ): string[] {
    const accepts =
      typeof match === 'function' ? match : ({ name }: Segment) => name === match || name.startsWith(`${match}.`);
    const changed = new Set(this.parts.filter(accepts));
    if (changed.size === 0) {
      const known = this.parts.map(({ name }) => name).join(', ');
      throw new ValueError(
        `parameters: nothing matches ${typeof match === 'string' ? `'${match}'` : 'the filter'}; there are ${known}`,
      );
    }
    const scale = change.learningRateScale;
    if (scale !== undefined && !(scale >= 0 && Number.isFinite(scale))) {
      throw new ValueError(`parameters: learning-rate scale ${scale}; it must be a number from 0`);
    }
    this.parts = this.parts.map(part => (changed.has(part) ? { ...part, ...change } : part));
    for (const { name, trainable } of this.parts) this.get(name).tracked = trainable;
    // Frozen parameters get no gradient any more; what stood there must not count in a norm.
    if (change.trainable === false) this.gradientFlat?.write(new Float32Array(this.values.size));
    this.table.write(this.tableValues());
    return [...changed].map(({ name }) => name);
  }

  /** All values by name, parameters and state, read from the device. */
  async read(): Promise<Map<string, { shape: Shape; data: Float32Array }>> {
    const found = new Map<string, { shape: Shape; data: Float32Array }>();
    for (const [flat, parts] of [
      [this.values, this.parts],
      [this.state, this.stateParts],
    ] as const) {
      if (!flat) continue;
      const all = Float32Array.from(await flat.data());
      for (const { name, shape, start, size } of parts)
        found.set(name, { shape, data: all.slice(start, start + size) });
    }
    return found;
  }

  /** A safetensors file of all parameters and state, by name. */
  async save(metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
    const tensors: Record<string, SafetensorsSource> = Object.fromEntries(await this.read());
    return writeSafetensors(tensors, metadata);
  }

  /**
   * Takes all values from a file. Checks everything before it changes anything.
   * @throws FileError naming each tensor that is missing, left over, of another shape or not of floats.
   */
  load(file: SafetensorsFile): void {
    const wanted = [...this.parts, ...this.stateParts];
    const names = new Set(wanted.map(({ name }) => name));
    const problems = [...file.tensors.keys()].filter(name => !names.has(name)).map(name => `'${name}' is left over`);
    for (const { name, shape } of wanted) {
      const entry = file.tensors.get(name);
      if (!entry) problems.push(`'${name}' [${shape.join(', ')}] is missing`);
      else if (entry.shape.join() !== shape.join()) {
        problems.push(`'${name}' is [${entry.shape.join(', ')}], the model has [${shape.join(', ')}]`);
      } else if (!/^B?F/.test(entry.dtype)) {
        problems.push(`'${name}' is ${entry.dtype}, parameters are floats`);
      }
    }
    if (problems.length > 0) {
      throw new FileError(`${file.where}: does not fit the model: ${problems.join('; ')}; load the file of this model`);
    }
    for (const { name } of wanted) this.get(name).write(file.tensors.get(name)!.data as Float32Array);
  }

  private tableValues(): Float32Array {
    const table = new Float32Array((2 * flatSize(this.parts)) / BLOCK);
    for (const { start, size, trainable, learningRateScale, decay } of this.parts) {
      for (let block = start / BLOCK; block * BLOCK < start + size; block++) {
        table[2 * block] = trainable ? learningRateScale : 0;
        table[2 * block + 1] = Number(decay);
      }
    }
    return table;
  }

  /** A tensor that outlives scopes. Written from the host, so that the gaps hold zeros and no garbage. */
  private makeFlat(name: string, values: Float32Array, shape: Shape = [values.length]): Tensor {
    const flat = this.engine.keep(this.engine.tensor(values, shape, 'f32', name));
    this.owned.push(flat);
    return flat;
  }

  private addView(to: Map<string, Tensor>, key: string, flat: Tensor, start: number, shape: Shape, name = key): Tensor {
    const view = this.engine.keep(this.engine.segment(flat, start, shape, name));
    to.set(key, view);
    this.owned.push(view);
    return view;
  }

  [Symbol.dispose](): void {
    for (const tensor of this.owned.splice(0)) tensor.dispose();
  }
}

function layOut(declarations: readonly Declaration[], trainable: boolean): Segment[] {
  let start = 0;
  return declarations.map(({ name, shape, decay }) => {
    const size = sizeOf(shape);
    const segment = { name, shape, start, size, trainable, decay, learningRateScale: 1 };
    start += Math.ceil(size / BLOCK) * BLOCK;
    return segment;
  });
}

/** Whole blocks; at least one, since a tensor cannot be empty (a model of nothing but pooling). */
function flatSize(segments: readonly Segment[]): number {
  const last = segments[segments.length - 1];
  return last ? Math.ceil((last.start + last.size) / BLOCK) * BLOCK : BLOCK;
}

function initialise(declarations: readonly Declaration[], segments: readonly Segment[], seed: number): Float32Array {
  const flat = new Float32Array(flatSize(segments));
  declarations.forEach(({ initializer, shape, name }, i) => {
    flat.set(initialValues(initializer, shape, seed, name), segments[i]!.start);
  });
  return flat;
}
