import { BLOCK } from '../kernels/flat.ts';
import { type Shape, sizeOf } from '../kernels/spec.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Where a parameter lies in a flat tensor and how it is trained. */
export interface Segment {
  readonly name: string;
  readonly shape: Shape;
  /** First element in `values`, or in `frozen`; a multiple of 64, so that it can be bound and blocks belong to one segment. */
  readonly start: number;
  readonly size: number;
  /** Frozen when false: it lies in `frozen` and has neither a gradient nor moments of an optimizer. */
  readonly trainable: boolean;
  readonly decay: boolean;
  readonly learningRateScale: number;
}

/** Puts segments one behind another, in their order: those that are trained in one flat tensor, the others in another. */
export function layOut(segments: readonly Omit<Segment, 'start'>[]): Segment[] {
  const ends = { trained: 0, frozen: 0 };
  return segments.map(segment => {
    const flat = segment.trainable ? 'trained' : 'frozen';
    const start = ends[flat];
    ends[flat] += Math.ceil(segment.size / BLOCK) * BLOCK;
    return { ...segment, start };
  });
}

/** Elements of a flat tensor: whole blocks; at least one, since a tensor cannot be empty (a model of nothing but pooling). */
export function flatSize(segments: readonly Segment[]): number {
  const last = segments[segments.length - 1];
  return last ? Math.ceil((last.start + last.size) / BLOCK) * BLOCK : BLOCK;
}

/** (learning-rate scale, weight-decay factor) of each block of a flat tensor. */
export function blockTable(segments: readonly Segment[]): Float32Array {
  const table = new Float32Array((2 * flatSize(segments)) / BLOCK);
  for (const { start, size, learningRateScale, decay } of segments) {
    for (let block = start / BLOCK; block * BLOCK < start + size; block++) {
      table[2 * block] = learningRateScale;
      table[2 * block + 1] = Number(decay);
    }
  }
  return table;
}

/** A flat f32 tensor with its segments as tensors of their own that share its memory. They outlive scopes. */
export class FlatSegments implements Disposable {
  readonly flat: Tensor;
  private readonly views = new Map<string, Tensor>();

  /** `values` of the whole flat tensor, so that the gaps hold zeros and no garbage. */
  constructor(
    engine: Engine,
    label: string,
    readonly segments: readonly Segment[],
    values: Float32Array = new Float32Array(flatSize(segments)),
    nameOf: (segment: Segment) => string = ({ name }) => name,
  ) {
    this.flat = engine.keep(engine.tensor(values, [values.length], 'f32', label));
    for (const segment of segments) {
      const { name, start, shape } = segment;
      this.views.set(name, engine.keep(engine.segment(this.flat, start, shape, nameOf(segment))));
    }
  }

  get(name: string): Tensor | undefined {
    return this.views.get(name);
  }

  /** Values of every segment, read from the device. */
  async read(): Promise<[name: string, values: { shape: Shape; data: Float32Array }][]> {
    const all = Float32Array.from(await this.flat.data());
    return this.segments.map(({ name, shape, start }) => [
      name,
      { shape, data: all.slice(start, start + sizeOf(shape)) },
    ]);
  }

  [Symbol.dispose](): void {
    for (const view of this.views.values()) view.dispose();
    this.flat.dispose();
  }
}
