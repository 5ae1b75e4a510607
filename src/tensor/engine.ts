import { ALIGNMENT, type Capabilities } from '../gpu/capabilities.ts';
import { Device, type DeviceOptions } from '../gpu/device.ts';
import { copyKernel } from '../kernels/copy.ts';
import { fillKernel } from '../kernels/fill.ts';
import type { DType, KernelSpec, Params, Shape, StepValues } from '../kernels/spec.ts';
import { BYTES_PER_ELEMENT, DEFAULT_STEP, sizeOf } from '../kernels/spec.ts';
import type { TunedTable, TuningTarget } from '../kernels/tuned-table.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { GpuSource } from '../platform/platform.ts';
import type { Backward } from './autograd.ts';
import type { Backend } from './backend.ts';
import { type BackendOptions, GpuBackend } from './gpu-backend.ts';
import { ReferenceBackend } from './reference-backend.ts';
import { byteLength, Storage, Tensor } from './tensor.ts';

export interface EngineOptions extends DeviceOptions, Omit<BackendOptions, 'tuned'> {
  /**
   * Measured choices of kernels, or how to find them once the device is known (`loadTuning`). Default: those that ship for
   * this kind of adapter; `[]` leaves the estimates to decide.
   */
  tuned?: readonly TunedTable[] | ((target: TuningTarget) => Promise<readonly TunedTable[]>) | undefined;
}

/**
 * Makes tensors, runs kernels on them and keeps the tape. Everything that a program does with tensors goes through one
 * engine; two engines share nothing.
 */
export class Engine implements Disposable {
  private gradEnabled = true;
  private ops = 0;
  /** Tensors made in each open scope, innermost last. */
  private readonly scopes: Set<Tensor>[] = [];
  private stepValues: StepValues = DEFAULT_STEP;

  constructor(readonly backend: Backend) {}

  /** An engine on a GPU. @throws AdapterError when there is none. */
  static async open(source: GpuSource, options: EngineOptions = {}): Promise<Engine> {
    const device = await Device.open(source, options);
    const { tuned, allow = [] } = options;
    try {
      const target = { info: device.info, caps: { ...device.caps, ...options.caps }, allow };
      const tables = typeof tuned === 'function' ? await tuned(target) : tuned;
      return new Engine(new GpuBackend(device, { ...options, tuned: tables }));
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
  }

  /** An engine that computes with the float64 references in plain TypeScript. */
  static reference(): Engine {
    return new Engine(new ReferenceBackend());
  }

  /** The GPU backend. @throws ValueError on a reference engine. */
  get gpu(): GpuBackend {
    if (this.backend instanceof GpuBackend) return this.backend;
    throw new ValueError(
      'engine: this needs a GPU, and the engine is the TypeScript reference; open it with Engine.open',
    );
  }

  get caps(): Capabilities {
    return this.backend.caps;
  }

  get step(): StepValues {
    return this.stepValues;
  }

  /** Sets seed, step number, valid rows and learning rate for the ops that follow. */
  setStep(values: Partial<StepValues>): void {
    this.stepValues = { ...this.stepValues, ...values };
    this.backend.setStep(this.stepValues);
  }

  /** A tensor with undefined contents. */
  empty(shape: Shape, dtype: DType = 'f32', name = ''): Tensor {
    checkShape(shape);
    const memory = this.backend.allocate(byteLength(shape, dtype), name || `${dtype}[${shape.join()}]`);
    return this.adopt(new Tensor(this, new Storage(this, memory), shape, dtype, 0, name));
  }

  /** A tensor with these values, row-major. @throws ShapeError when their number does not fit the shape. */
  tensor(values: ArrayLike<number>, shape: Shape = [values.length], dtype: DType = 'f32', name = ''): Tensor {
    const tensor = this.empty(shape, dtype, name);
    tensor.write(values);
    return tensor;
  }

  /** A float tensor filled with one value, made on the device. */
  full(shape: Shape, value: number, name = ''): Tensor {
    const out = this.empty(shape, 'f32', name);
    this.run(fillKernel, { size: out.size, value }, {}, { out });
    return out;
  }

  zeros(shape: Shape, name = ''): Tensor {
    return this.full(shape, 0, name);
  }

  /** A second tensor on the same memory with another shape of the same size. Not on the tape. */
  alias(tensor: Tensor, shape: Shape): Tensor {
    const { storage, dtype, offset, name } = tensor;
    void tensor.view;
    return this.adopt(new Tensor(this, storage, shape, dtype, offset, name));
  }

  /** Part of a flat tensor as a tensor of its own, sharing memory. `start` counts elements; 64 numbers are 256 bytes. */
  segment(flat: Tensor, start: number, shape: Shape, name = ''): Tensor {
    const offset = start * BYTES_PER_ELEMENT[flat.dtype];
    if (offset % ALIGNMENT !== 0 || start < 0 || start + sizeOf(shape) > flat.size) {
      throw new ShapeError(
        `segment '${name}': [${start}, ${start + sizeOf(shape)}) does not lie in ${flat} on a multiple of ${ALIGNMENT} bytes`,
      );
    }
    return this.adopt(new Tensor(this, flat.storage, shape, flat.dtype, flat.offset + offset, name));
  }

  /** Copies the values of `from`, into `to` if given. Not on the tape. */
  copy(from: Tensor, to?: Tensor): Tensor {
    return this.run(copyKernel, { size: from.size }, { x: from }, { out: to ?? this.empty(from.shape) }).out!;
  }

  /**
   * Runs a kernel: makes its output tensors (or writes into those given) and returns them by name. Not on the tape:
   * ops put themselves there with `record`.
   */
  run<P extends Params>(
    spec: KernelSpec<P>,
    p: P,
    inputs: Readonly<Record<string, Tensor | undefined>>,
    into: Readonly<Record<string, Tensor | undefined>> = {},
  ): Record<string, Tensor | undefined> {
    const tensors: Record<string, Tensor | undefined> = {};
    const detours: [from: Tensor, to: Tensor][] = [];
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      const shape = tensor.shape(p);
      if (!shape) continue;
      const given = tensor.role === 'out' ? into[name] : inputs[name];
      if (given) {
        this.checkOperand(spec.name, name, given, shape, tensor.dtype ?? 'f32');
        tensors[name] = given;
        if (tensor.role === 'out' && given.dtype === 'f32' && sharesMemory(given, inputs)) {
          // WebGPU judges by buffer: a dispatch must not read one part of the flat gradients and write another.
          const detour = this.empty(given.shape, given.dtype, `${spec.name}.${name}`);
          detours.push([detour, given]);
          tensors[name] = detour;
        }
      } else if (tensor.role === 'out') {
        tensors[name] = this.empty(shape, tensor.dtype ?? 'f32', `${spec.name}.${name}`);
      } else {
        throw new ValueError(`kernel '${spec.name}': input '${name}' [${shape.join(', ')}] is missing`);
      }
    }
    this.backend.run(spec, p, Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t?.view])));
    for (const [from, to] of detours) {
      this.copy(from, to);
      for (const name of Object.keys(tensors)) if (tensors[name] === from) tensors[name] = to;
    }
    return tensors;
  }

  private checkOperand(kernel: string, name: string, given: Tensor, shape: Shape, dtype: DType): void {
    if (given.engine !== this) throw new ValueError(`kernel '${kernel}': '${name}' belongs to another engine`);
    if (given.dtype !== dtype || given.size !== sizeOf(shape)) {
      throw new ShapeError(`kernel '${kernel}': '${name}' is ${given}, it must be ${dtype}[${shape.join(', ')}]`);
    }
  }

  /** Whether `record` will put an op on these inputs on the tape: whether its backward may be asked for. */
  records(inputs: readonly Tensor[]): boolean {
    return this.gradEnabled && inputs.some(input => input.tracked);
  }

  /** Puts an op on the tape, if a gradient can flow through it. Returns its output. */
  record(op: string, inputs: readonly Tensor[], output: Tensor, backward: Backward): Tensor {
    if (this.records(inputs)) {
      output.tracked = true;
      output.node = { op, order: ++this.ops, layer: this.backend.layer, inputs, backward };
    }
    return output;
  }

  /** Runs `fn`, which must not be async, for a layer: profiles say so of its kernels and of those of its gradients. */
  within<T>(layer: string, fn: () => T): T {
    const { backend } = this;
    const before = backend.layer;
    backend.layer = layer;
    try {
      return fn();
    } finally {
      backend.layer = before;
    }
  }

  /** Runs `fn` without keeping a tape. */
  noGrad<T>(fn: () => T): T {
    const before = this.gradEnabled;
    this.gradEnabled = false;
    try {
      return fn();
    } finally {
      this.gradEnabled = before;
    }
  }

  /**
   * Frees every tensor made inside, except those in the returned value (an array, object, map or tensor), which pass to
   * the scope around it. `fn` may be async; scopes must not run concurrently.
   */
  scope<T>(fn: () => T): T {
    const own = new Set<Tensor>();
    this.scopes.push(own);
    const close = (result: unknown) => {
      const kept = new Set<Tensor>();
      collectTensors(result, kept);
      this.scopes.splice(this.scopes.indexOf(own), 1);
      for (const tensor of own) {
        if (kept.has(tensor)) this.adopt(tensor);
        else tensor.dispose();
      }
    };
    let result: T;
    try {
      result = fn();
    } catch (error) {
      close(undefined);
      throw error;
    }
    if (result instanceof Promise) {
      return result.then(
        value => {
          close(value);
          return value;
        },
        error => {
          close(undefined);
          throw error;
        },
      ) as T;
    }
    close(result);
    return result;
  }

  /**
   * Runs `fn` and hands over the tensors made inside, kept or not: the caller disposes of them. Should it throw, they are
   * disposed of here.
   */
  collect<T>(fn: () => T): { result: T; made: ReadonlySet<Tensor> } {
    const made = new Set<Tensor>();
    this.scopes.push(made);
    try {
      return { result: fn(), made };
    } catch (error) {
      for (const tensor of made) tensor.dispose();
      throw error;
    } finally {
      this.scopes.splice(this.scopes.indexOf(made), 1);
    }
  }

  /** Takes a tensor out of all scopes: it lives until it is disposed. */
  keep<T extends Tensor>(tensor: T): T {
    for (const scope of this.scopes) scope.delete(tensor);
    return tensor;
  }

  private adopt(tensor: Tensor): Tensor {
    this.scopes[this.scopes.length - 1]?.add(tensor);
    return tensor;
  }

  /** Closes the device; tensors of this engine are gone. */
  [Symbol.dispose](): void {
    this.backend[Symbol.dispose]();
  }
}

function sharesMemory(tensor: Tensor, others: Readonly<Record<string, Tensor | undefined>>): boolean {
  return Object.values(others).some(other => other?.storage.memory === tensor.storage.memory);
}

function checkShape(shape: Shape): void {
  if (!shape.every(n => Number.isInteger(n) && n > 0)) {
    throw new ShapeError(`shape [${shape.join(', ')}]: every dimension must be a positive integer`);
  }
}

/** Tensors in a value: the value itself, or anywhere in its arrays, maps and plain objects. */
export function collectTensors(value: unknown, found: Set<Tensor>): void {
  if (value instanceof Tensor) found.add(value);
  else if (Array.isArray(value)) for (const item of value) collectTensors(item, found);
  else if (value instanceof Map) for (const item of value.values()) collectTensors(item, found);
  else if (value && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collectTensors(item, found);
  }
}
