import type { AugmentationPolicy } from '../data/augmentation.ts';
import { Batches } from '../data/batches.ts';
import type { Examples } from '../data/examples.ts';
import { sizeOf } from '../kernels/spec.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError } from '../platform/errors.ts';
import { compile } from '../tensor/compile.ts';
import { augment } from '../tensor/ops/index.ts';
import type { FeatureTable } from './feature-table.ts';
import type { FeatureOptions } from './features.ts';
import { peek } from './peek.ts';

/** Batches whose features are on their way to the host at most. */
const DEPTH = 3;

interface Work extends Omit<FeatureOptions, 'copies' | 'precision'> {
  /** The first layer of the chain that is not run. */
  readonly to: number;
  /** Which copy of the pictures is made first; none: the original. */
  readonly augmentation?:
    | { readonly policy: AugmentationPolicy; readonly seed: number; readonly copy: number }
    | undefined;
  /** Told how many pictures more are done. */
  readonly report: (more: number) => void;
}

/**
 * Runs a model's layers from where `source` enters up to `to`, and keeps what they give for these images, in rising order.
 * @throws InterruptedError when the signal fires; what was computed is kept.
 */
export async function computeFeatures(
  model: Model,
  source: Examples,
  images: Uint32Array,
  table: FeatureTable,
  work: Work,
): Promise<void> {
  const { engine, parameters } = model;
  const { to, augmentation, signal, store, onCompile, report } = work;
  using feed = source.feed(work.batch);
  const fn = () =>
    engine.noGrad(() => {
      const { images: x } = feed.batch();
      const pictures = augmentation ? augment(x, feed.indices, augmentation.policy) : x;
      return model.forwardPart(pictures, { from: source.passed, to });
    });
  const constants = parameters.frozen ? [parameters.frozen] : [];
  using step = await compile(engine, fn, { label: 'features', constants, ...(onCompile && { progress: onCompile }) });
  const width = sizeOf(table.shape);
  const batches = new Batches(images, { batch: work.batch });
  const pending: (() => Promise<void>)[] = [];
  let done = 0;
  const takeFirst = async () => {
    const before = done;
    await pending.shift()!();
    report(done - before);
    // In rising order, so that whatever lies before the next image is complete.
    if (store) await table.write(images[done] ?? Number.POSITIVE_INFINITY);
  };
  try {
    for (let number = 0; number < batches.stepsPerEpoch; number++) {
      if (signal?.aborted) throw new InterruptedError(interrupted(done, images.length, store !== undefined));
      const { indices, rows } = batches.at(0, number);
      feed.select(indices);
      const { seed = 0, copy = 0 } = augmentation ?? {};
      await step.run({ seed, step: copy, rows });
      const arrived = peek(step.result);
      // Whoever awaits it below gets the error; until then it must not count as unhandled.
      arrived.catch(() => {});
      pending.push(async () => {
        const values = (await arrived) as Float32Array;
        for (let i = 0; i < rows; i++) table.set(indices[i]!, values.subarray(i * width, (i + 1) * width));
        done += rows;
      });
      if (pending.length > DEPTH) await takeFirst();
    }
  } finally {
    while (pending.length > 0) await takeFirst();
    if (store) await table.write();
    engine.setStep({ rows: 0 });
  }
}

function interrupted(done: number, total: number, kept: boolean): string {
  const next = kept ? 'they are kept, the same command goes on from there' : 'nothing is kept';
  return `features: interrupted after ${done} of ${total} images; ${next}`;
}
