/**
 * All numbers that a model learns, in one flat tensor, so that one dispatch can update them all.
 *
 *     parameters.values                 flat f32 tensor of what is trained; every parameter is a segment that starts on a
 *                                       multiple of 64
 *     parameters.frozen                 flat tensor of the parameters that are not trained; undefined when there is none
 *     parameters.segments               [{ name, shape, start, size, trainable, decay, learningRateScale }]
 *     parameters.get(name)              the segment as a tensor of its shape (or a state such as a running mean)
 *     parameters.state                  flat tensor of what is kept but not trained; undefined when there is none
 *     parameters.backward(loss)         gradients of what is trained, into `gradients`
 *     parameters.gradients              flat tensor of the same layout; ask for it before compiling a step
 *     parameters.table                  [blocks, 2] f32: (learning-rate scale, weight-decay factor) of each 64 elements
 *     parameters.zerosLike(name)        another flat tensor of that layout: moments, averages
 *     parameters.configure(match, ...)  freezes, or sets learning-rate scale or decay
 *     await parameters.save(metadata)   safetensors bytes, by name;  parameters.load(readSafetensors(bytes, path))
 */

import { type SafetensorsFile, type SafetensorsSource, writeSafetensors } from '../io/safetensors.ts';
import { fillKernel } from '../kernels/fill.ts';
import { BLOCK } from '../kernels/flat.ts';
import { type Shape, sizeOf } from '../kernels/spec.ts';
import { FileError, ValueError } from '../platform/errors.ts';
import { gradients } from '../tensor/autograd.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { blockTable, FlatSegments, flatSize, layOut, type Segment } from './flat-segments.ts';
import { type Initializer, initialValues } from './initializers.ts';

export { BLOCK, type Segment };

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

export class ParameterSet implements Disposable {
  /** (learning-rate scale, weight-decay factor) of each block of 64 elements of `values`. */
  table: Tensor;
  private parts: readonly Segment[];
  private trained: FlatSegments;
  private still: FlatSegments | undefined;
  private readonly kept: FlatSegments | undefined;
  private gradientParts: FlatSegments | undefined;

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
    this.parts = layOut(parameters.map(declaration => toSegment(declaration, true)));
    const stateParts = layOut(state.map(declaration => toSegment(declaration, false)));
    this.trained = new FlatSegments(engine, 'parameters', this.parts, initialise(parameters, this.parts, seed));
    this.kept =
      state.length > 0 ? new FlatSegments(engine, 'state', stateParts, initialise(state, stateParts, seed)) : undefined;
    this.table = this.makeTable();
    for (const { name } of this.parts) this.get(name).watch();
  }

  /** Flat f32 tensor of all parameters that are trained; the gaps between segments hold zeros. */
  get values(): Tensor {
    return this.trained.flat;
  }

  /** Flat f32 tensor of all parameters that are not. */
  get frozen(): Tensor | undefined {
    return this.still?.flat;
  }

  /** Flat f32 tensor of all state. */
  get state(): Tensor | undefined {
    return this.kept?.flat;
  }

  /** All parameters: `values`, and `frozen` if there is one. */
  get flats(): readonly Tensor[] {
    return this.frozen ? [this.values, this.frozen] : [this.values];
  }

  get segments(): readonly Segment[] {
    return this.parts;
  }

  get stateSegments(): readonly Segment[] {
    return this.kept?.segments ?? [];
  }

  /** Number of parameters, without the gaps. */
  get count(): number {
    return this.parts.reduce((sum, { size }) => sum + size, 0);
  }

  /** A parameter or state as a tensor that shares the flat tensor's memory. @throws ValueError for an unknown name. */
  get(name: string): Tensor {
    const view = this.trained.get(name) ?? this.still?.get(name) ?? this.kept?.get(name);
    if (view) return view;
    const known = [...this.parts, ...this.stateSegments].map(segment => segment.name).join(', ');
    throw new ValueError(`parameters: there is no '${name}'; there are ${known}`);
  }

  /** Flat gradients, of the layout of `values`; zero in the gaps. Made at the first call. */
  get gradients(): Tensor {
    this.gradientParts ??= new FlatSegments(
      this.engine,
      'gradients',
      this.trained.segments,
      undefined,
      ({ name }) => `${name} gradient`,
    );
    return this.gradientParts.flat;
  }

  /** The gradient of one parameter, a part of `gradients`. @throws ValueError when it has none. */
  gradient(name: string): Tensor {
    void this.gradients;
    const view = this.gradientParts?.get(name);
    if (!view) {
      throw new ValueError(`parameters: '${name}' has no gradient; it is frozen, or state, or does not exist`);
    }
    return view;
  }

  /** Differentiates `loss` with respect to all trainable parameters; the result is in `gradients`. */
  backward(loss: Tensor): void {
    const names = this.trained.segments.map(({ name }) => name);
    const into = names.map(name => this.gradient(name));
    const found = gradients(
      loss,
      names.map(name => this.get(name)),
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
   * Returns the names.
   *
   * When `trainable` changes, parameters move between `values` and `frozen`: all flat tensors, the tensors that `get` gave,
   * and gradients are made anew, so make optimizer state and compile steps afterwards. Steps compiled before refuse to run.
   * @throws ValueError when no parameter matches, or for a negative scale.
   */
  configure(
    match: string | ((segment: Segment) => boolean),
    change: { readonly trainable?: boolean; readonly learningRateScale?: number; readonly decay?: boolean },
  ): string[] {
    const accepts = typeof match === 'function' ? match : ({ name }: Segment) => isPart(name, match);
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
    const moves = [...changed].some(({ trainable }) => trainable !== (change.trainable ?? trainable));
    const parts = this.parts.map(part => (changed.has(part) ? { ...part, ...change } : part));
    if (moves) this.move(layOut(parts));
    else {
      this.parts = parts;
      this.table.write(blockTable(parts.filter(({ trainable }) => trainable)));
    }
    return [...changed].map(({ name }) => name);
  }

  /** Gives every parameter its place in another layout, with the values it has. */
  private move(parts: readonly Segment[]): void {
    const { engine } = this;
    const [trained, still] = [true, false].map(side => parts.filter(({ trainable }) => trainable === side));
    const to = new FlatSegments(engine, 'parameters', trained!);
    const toStill = still!.length > 0 ? new FlatSegments(engine, 'frozen parameters', still!) : undefined;
    for (const { name, trainable } of parts) {
      const moved = (trainable ? to : toStill!).get(name)!;
      engine.scope(() => engine.noGrad(() => engine.copy(this.get(name), moved)));
      moved.tracked = trainable;
    }
    for (const old of [this.trained, this.still, this.gradientParts, this.table]) old?.[Symbol.dispose]();
    this.parts = parts;
    this.trained = to;
    this.still = toStill;
    this.gradientParts = undefined;
    this.table = this.makeTable();
  }

  /** All values by name, parameters and state, read from the device. */
  async read(): Promise<Map<string, { shape: Shape; data: Float32Array }>> {
    const [trained, still = [], kept = []] = await Promise.all([
      this.trained.read(),
      this.still?.read(),
      this.kept?.read(),
    ]);
    const found = new Map([...trained, ...still, ...kept]);
    return new Map([...this.parts, ...this.stateSegments].map(({ name }) => [name, found.get(name)!]));
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
    const wanted = [...this.parts, ...this.stateSegments];
    const names = new Set(wanted.map(({ name }) => name));
    const leftOver = [...file.tensors.keys()].filter(name => !names.has(name)).map(name => `'${name}' is left over`);
    this.take(file, wanted, name => name, leftOver);
  }

  /**
   * Takes the values of one part of the model, such as 'base', from a file that names them without it. What else the file
   * holds is left alone: a network may have been cut off. Checks everything before it changes anything.
   * @throws FileError as `load`; ValueError when the model has no such part.
   */
  loadPart(part: string, file: SafetensorsFile): void {
    const wanted = [...this.parts, ...this.stateSegments].filter(({ name }) => name.startsWith(`${part}.`));
    if (wanted.length === 0)
      throw new ValueError(`parameters: the model has no part '${part}' to load ${file.where} into`);
    this.take(file, wanted, name => name.slice(part.length + 1));
  }

  private take(
    file: SafetensorsFile,
    wanted: readonly Segment[],
    nameInFile: (name: string) => string,
    problems: readonly string[] = [],
  ): void {
    const found = [...problems];
    for (const segment of wanted) {
      const { shape } = segment;
      const name = nameInFile(segment.name);
      const entry = file.tensors.get(name);
      if (!entry) found.push(`'${name}' [${shape.join(', ')}] is missing`);
      else if (entry.shape.join() !== shape.join()) {
        found.push(`'${name}' is [${entry.shape.join(', ')}], the model has [${shape.join(', ')}]`);
      } else if (!/^B?F/.test(entry.dtype)) {
        found.push(`'${name}' is ${entry.dtype}, parameters are floats`);
      }
    }
    if (found.length > 0) {
      throw new FileError(`${file.where}: does not fit the model: ${found.join('; ')}; load the file of this model`);
    }
    for (const { name } of wanted) this.get(name).write(file.tensors.get(nameInFile(name))!.data as Float32Array);
  }

  private makeTable(): Tensor {
    const { engine } = this;
    const table = blockTable(this.trained.segments);
    return engine.keep(engine.tensor(table, [table.length / 2, 2], 'f32', 'block table'));
  }

  [Symbol.dispose](): void {
    for (const part of [this.trained, this.still, this.kept, this.gradientParts, this.table]) part?.[Symbol.dispose]();
  }
}

/** Whether a parameter is this one, or lies in this layer. */
export function isPart(name: string, part: string): boolean {
  return name === part || name.startsWith(`${part}.`);
}

function toSegment({ name, shape, decay }: Declaration, trainable: boolean): Omit<Segment, 'start'> {
  return { name, shape, size: sizeOf(shape), trainable, decay, learningRateScale: 1 };
}

function initialise(declarations: readonly Declaration[], segments: readonly Segment[], seed: number): Float32Array {
  const flat = new Float32Array(flatSize(segments));
  declarations.forEach(({ initializer, shape, name }, i) => {
    flat.set(initialValues(initializer, shape, seed, name), segments[i]!.start);
  });
  return flat;
}
