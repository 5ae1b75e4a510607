import { NAN_BITS } from './batch.ts';
import { gridFor } from './grid.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, type PlannedDispatch, type Values } from './spec.ts';

/** Channels that may have a mean and a scale of their own. */
export const MAX_GATHER_CHANNELS = 4;
const CHANNELS = [0, 1, 2, 3] as const;
type Channel = (typeof CHANNELS)[number];

/**
 * images base .. base + images of a data set of `total`, `size` bytes each; `batch` indices; channels: how many means and
 * scales are used in turn; labels: whether labels are gathered too.
 */
export type GatherBatchParams = {
  images: number;
  base: number;
  total: number;
  size: number;
  batch: number;
  channels: number;
  labels: number;
} & Record<`mean${Channel}` | `scale${Channel}`, number>;

function reference(p: GatherBatchParams, { images, labels, indices }: Readonly<Record<string, Values>>) {
  const out = new Float64Array(p.batch * p.size);
  const outLabels = new Uint32Array(p.batch);
  for (let row = 0; row < p.batch; row++) {
    const index = indices![row]!;
    const exists = index < p.total;
    for (let i = 0; i < p.size; i++) {
      const c = (i % p.channels) as Channel;
      const value = (images![index * p.size + i]! - p[`mean${c}`]) * p[`scale${c}`];
      out[row * p.size + i] = exists ? value : Number.NaN;
    }
    if (p.labels) outLabels[row] = exists ? labels![index]! : 0xffffffff;
  }
  return { out, ...(p.labels ? { outLabels } : {}) };
}

const common = (p: GatherBatchParams): Pick<PlannedDispatch, 'uniform' | 'bindings'> => ({
  uniform: [
    ...[p.images, p.base, p.total, p.size, p.batch, p.channels, p.labels, NAN_BITS],
    ...CHANNELS.map(c => ({ f32: p[`mean${c}`] })),
    ...CHANNELS.map(c => ({ f32: p[`scale${c}`] })),
  ],
  bindings: ['images', 'labels', 'indices', 'out', 'outLabels'],
});

/** Means and scales that suit f32: the reference and the shader start from the same values. */
const drawScaling = (r: Sampler) =>
  Object.fromEntries(
    CHANNELS.flatMap(c => [
      [`mean${c}`, Math.fround(r.uniform(0, 200))],
      [`scale${c}`, Math.fround(r.uniform(0.001, 0.1))],
    ]),
  ) as Record<`mean${Channel}` | `scale${Channel}`, number>;

/**
 * out[b] = (images[indices[b]] - mean) * scale by channel, from a data set kept on the device as bytes, and its labels.
 * An index past the end gives a row of NaN and the label 2^32 - 1.
 */
export const gatherBatchKernel = defineKernel<GatherBatchParams>({
  name: 'gather_batch',
  tensors: {
    images: { role: 'in', shape: p => [p.images, p.size], dtype: 'u8', rows: true },
    labels: { role: 'in', shape: p => (p.labels ? [p.images] : null), dtype: 'u8', rows: true },
    indices: { role: 'in', shape: p => [p.batch], dtype: 'u32' },
    out: { role: 'out', shape: p => [p.batch, p.size] },
    outLabels: { role: 'out', shape: p => (p.labels ? [p.batch] : null), dtype: 'u32' },
  },
  slice: () => ({ param: 'images', base: 'base' }),
  flops: p => 2 * p.batch * p.size,
  bytes: p => p.batch * (5 * p.size + 4 + 5 * p.labels),
  reference,
  sample: r => {
    const images = r.int(1, 40);
    const size = r.pick([r.int(1, 50), 4 * r.int(1, 20)]);
    return {
      ...{ images, base: 0, total: images, size, batch: r.int(1, 30) },
      ...{ channels: r.int(1, 4), labels: r.int(0, 1) },
      ...drawScaling(r),
    };
  },
  fill: (name, p, size, r) => {
    // Now and then an index that does not exist.
    if (name === 'indices') return Uint32Array.from({ length: size }, () => r.int(0, p.images));
    return Uint8Array.from({ length: size }, () => r.int(0, 255));
  },
  tolerance: { kind: 'elementwise', ulps: 8 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [{ ...common(p), shader: 'gather_batch/plain', workgroups: gridFor(p.batch * p.size, 64, caps) }],
      }),
    },
    {
      name: 'words',
      supports: p => p.size % 4 === 0,
      speed: () => 3,
      plan: (p, caps) => ({
        dispatches: [
          { ...common(p), shader: 'gather_batch/words', workgroups: gridFor((p.batch * p.size) / 4, 64, caps) },
        ],
      }),
    },
  ],
});
