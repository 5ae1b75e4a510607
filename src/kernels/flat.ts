import type { Sampler } from './sampler.ts';
import type { Shape, TensorSpec, Values } from './spec.ts';

/** Elements of a block: 256 bytes, so that every segment may be bound by itself. */
export const BLOCK = 64;

/** What every update kernel is told: blocks of the flat buffers; decay: weight decay; maxNorm: clip to it, 0: not. */
export type FlatParams = { blocks: number; decay: number; maxNorm: number };

const blocks = (p: { blocks: number }): Shape => [p.blocks, BLOCK];

/** A flat buffer of one value a parameter. */
export const flat = <P extends FlatParams>(
  role: 'in' | 'inout',
  present: (p: P) => boolean = () => true,
): TensorSpec<P> => ({
  role,
  shape: p => (present(p) ? blocks(p) : null),
  rows: true,
});

/** The tensors that every update kernel has. */
export const FLAT_TENSORS = {
  gradients: { role: 'in', shape: blocks, rows: true },
  /** One line a block: learning-rate scale (0: frozen), factor on the weight decay. */
  segments: { role: 'in', shape: (p: { blocks: number }) => [p.blocks, 2], rows: true },
  /** Sum of the squares of all gradients that are not frozen. */
  squaredNorm: { role: 'in', shape: (p: FlatParams) => (p.maxNorm > 0 ? [1] : null) },
  parameters: { role: 'inout', shape: blocks, rows: true },
  /** Set to 1, and never back, when a gradient is NaN or infinite. */
  notFinite: { role: 'inout', shape: () => [1], dtype: 'u32' },
} as const satisfies Record<string, TensorSpec<FlatParams>>;

/** One element of an update as its reference sees it. */
export interface Element {
  readonly i: number;
  readonly parameter: number;
  readonly gradient: number;
  /** Scale of the learning rate. */
  readonly scale: number;
}

/** Applies an update rule to every element that is not frozen: clipping, weight decay and the flag are here. */
export function updateReference(
  p: FlatParams,
  inputs: Readonly<Record<string, Values>>,
  learningRate: number,
  rule: (element: Element) => number,
): Record<string, Values> {
  const { gradients, segments, squaredNorm } = inputs as Record<string, Values>;
  const parameters = Float64Array.from(inputs.parameters!);
  const notFinite = Uint32Array.from(inputs.notFinite!);
  const norm = p.maxNorm > 0 ? Math.sqrt(squaredNorm![0]!) : 0;
  const clip = norm > p.maxNorm ? p.maxNorm / norm : 1;
  for (let i = 0; i < parameters.length; i++) {
    const scale = segments![2 * Math.floor(i / BLOCK)]!;
    const decay = p.decay * segments![2 * Math.floor(i / BLOCK) + 1]!;
    if (scale === 0) continue;
    if (!Number.isFinite(gradients![i]!)) notFinite[0] = 1;
    const parameter = parameters[i]!;
    const change = rule({ i, parameter, gradient: gradients![i]! * clip, scale });
    parameters[i] = parameter - learningRate * scale * decay * parameter + change;
  }
  return { parameters, notFinite };
}

/** Random settings that all update kernels share. */
export const drawFlat = (r: Sampler): FlatParams => ({
  blocks: r.int(1, 9),
  decay: r.pick([0, 0.01]),
  maxNorm: r.pick([0, 1]),
});

/** Contents of their inputs: frozen blocks, second moments that are not negative, a norm on either side of the limit. */
export function fillFlat(name: string, size: number, r: Sampler): Values | undefined {
  const draw = (value: () => number) => Float64Array.from({ length: size }, () => Math.fround(value()));
  if (name === 'segments') return draw(() => r.pick([0, 1, 0.5]));
  if (name === 'squaredNorm') return draw(() => r.uniform(0.1, 20));
  if (name === 'notFinite') return new Uint32Array(size);
  return undefined;
}
