import type { DataSet, ImageData8 } from '../../data/dataset.ts';
import { PIXEL_SEED, permutePixels } from '../../data/permute.ts';
import { select } from '../../data/selection.ts';
import { pick, subset } from '../../data/subset.ts';
import { loadPretrained } from '../../models/index.ts';
import type { Model } from '../../nn/index.ts';
import { nodeFiles, nodeWeights } from '../../platform/node.ts';
import { Controls, type ImageSample, type StudiedRun } from '../../report/study/index.ts';
import { readLooks } from '../../study/watch.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { RunConfig } from '../../train/config.ts';
import type { EpochMetrics } from '../../train/events.ts';
import { RunFolder } from '../../train/run-folder.ts';
import { loadModel } from '../load-run.ts';

/** A run and the networks it is compared with. Disposing of it frees them all. */
export class OpenRun implements StudiedRun, Disposable {
  private readonly controls: Controls;

  private constructor(
    readonly path: string,
    readonly config: RunConfig,
    readonly metrics: readonly EpochMetrics[],
    readonly looks: StudiedRun['looks'],
    readonly model: Model,
  ) {
    const { weights, training } = config;
    const fill = weights && ((first: Model) => loadPretrained(first, weights, nodeWeights()));
    this.controls = new Controls(model, { seed: training.seed, fill });
  }

  /** @throws FileError when the folder holds no run, or its weights are missing or damaged. */
  static async open(engine: Engine, path: string): Promise<OpenRun> {
    const folder = new RunFolder(nodeFiles, path);
    const config = await folder.readConfig();
    const [metrics, looks] = await Promise.all([folder.readMetrics(), readLooks(folder)]);
    return new OpenRun(path, config, metrics, looks, await loadModel(engine, folder, config));
  }

  first(): Promise<Model> {
    return this.controls.first();
  }

  untrained(): Promise<Model> {
    return this.controls.untrained();
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
    this.controls[Symbol.dispose]();
  }
}

/** Several runs on one engine, disposed of together. */
export class OpenRuns implements Disposable {
  private constructor(readonly runs: readonly OpenRun[]) {}

  /** @throws as `OpenRun.open`. */
  static async open(engine: Engine, paths: readonly string[]): Promise<OpenRuns> {
    const runs: OpenRun[] = [];
    try {
      for (const path of paths) runs.push(await OpenRun.open(engine, path));
      return new OpenRuns(runs);
    } catch (error) {
      for (const run of runs) run[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const run of this.runs) run[Symbol.dispose]();
  }
}

/**
 * `count` images that the run was trained on and as many that it was not, all classes in proportion: of those that it held
 * back, or of the test set where it held back none.
 */
export async function samplesOf(
  { data: about }: RunConfig,
  { train, test }: DataSet,
  count: number,
): Promise<{ seen: ImageSample; unseen: ImageSample }> {
  const selected = select(train, { full: about.full, ...(about.limit !== undefined && { limit: about.limit }) });
  const as = (images: ImageData8) => (about.pixels === 'permuted' ? permutePixels(images, PIXEL_SEED) : images);
  const sample = async (images: ImageData8, numbers: Uint32Array, what: string): Promise<ImageSample> => {
    const chosen = subset(numbers, images.labels, count);
    return { images: await pick(as(images), chosen), numbers: chosen, what };
  };
  const { validation } = selected;
  const all = Uint32Array.from({ length: test.count }, (_, i) => i);
  return {
    seen: await sample(train, selected.train, 'training images'),
    unseen: validation ? await sample(train, validation, 'validation images') : await sample(test, all, 'test images'),
  };
}
