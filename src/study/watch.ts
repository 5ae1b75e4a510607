/**
 * Watches a network while it learns, without changing a bit of it:
 *
 *     using watcher = new Watcher(model, images);
 *     watcher.mark();                        // before a step: keeps the weights as they are, on the device
 *     await trainStep.run(...);
 *     const look = await watcher.look(1);    // after it: statistics of all layers, and how far the step moved them
 *
 * `fit` does that with the last step of every epoch when it is told to watch; a page may do it whenever it wants to draw.
 */
import type { ImageData8 } from '../data/dataset.ts';
import type { Model } from '../nn/index.ts';
import { FileError } from '../platform/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { StepPlace } from '../train/events.ts';
import type { RunFolder } from '../train/run-folder.ts';
import { type FilterBank, filterBanks } from './filters.ts';
import { type InspectOptions, inspect, inspectedLayers, type LayerReport, mainParameter } from './inspect.ts';

/** One layer at one moment. */
export interface WatchedLayer extends Omit<LayerReport, 'active'> {
  /**
   * |change| / |weights| of the one step since `mark`; absent without one, and for what is not trained. Of healthy
   * trainings with Adam or SGD it is often near 1e-3.
   */
  readonly update?: number;
}

/** One line of watch.jsonl. */
export interface Look {
  /** Finished epochs: 0 before the first step. */
  readonly epoch: number;
  readonly layers: readonly WatchedLayer[];
  /** The filters of the first layer, as far as they are few. */
  readonly filters?: Pick<FilterBank, 'layer' | 'shape' | 'blueFirst'> & { readonly values: readonly number[] };
}

/** Weights of a bank that is kept with every look, at most. */
const FEW = 4096;

export class Watcher implements Disposable {
  private before: Tensor | undefined;

  constructor(
    private readonly model: Model,
    /** Looked at every time; a few hundred say enough. */
    private readonly images: ImageData8,
    private readonly options: InspectOptions = {},
  ) {}

  /** Keeps the weights as they are now, once what was submitted before has run. Does not wait for it. */
  mark(): void {
    const { engine, parameters } = this.model;
    this.before?.dispose();
    this.before = engine.keep(engine.noGrad(() => engine.copy(parameters.values)));
  }

  /** Looks at all layers. What `mark` kept is used up. */
  async look(epoch: number): Promise<Look> {
    const updates = await this.updates();
    const layers = inspectedLayers(this.model);
    const reports = await inspect(this.model, this.images, this.options);
    const [first] = await filterBanks(this.model);
    return {
      epoch,
      layers: reports.map(({ active: _, ...report }, i) => {
        const update = updates.get(mainParameter(layers[i]!) ?? '');
        return { ...report, ...(update !== undefined && { update }) };
      }),
      ...(first && first.values.length <= FEW && { filters: { ...first, values: rounded(first.values) } }),
    };
  }

  private async updates(): Promise<Map<string, number>> {
    const { before } = this;
    if (!before) return new Map();
    this.before = undefined;
    const { values, segments } = this.model.parameters;
    try {
      const [old, now] = await Promise.all([before.data(), values.data()]);
      const moved = segments.filter(({ trainable }) => trainable);
      return new Map(
        moved.map(({ name, start, size }) => {
          const end = start + size;
          return [name, updateRatio(old.subarray(start, end), now.subarray(start, end))];
        }),
      );
    } finally {
      before.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.before?.dispose();
    this.before = undefined;
  }
}

/** Watches a run of `fit` by its hooks: looks before the first step and after every epoch, and keeps the looks in its folder. */
export class RunWatch implements Disposable {
  constructor(
    private readonly watcher: Watcher,
    private readonly folder: RunFolder,
    /** Of epochs that were finished before. */
    private looks: readonly Look[] = [],
  ) {}

  /** Call it before the first step, not when a run goes on. */
  async begin(): Promise<void> {
    await this.keep(0);
  }

  /** The last step of an epoch is the one whose update is measured. */
  beforeStep({ step, stepsPerEpoch }: StepPlace): void {
    if (step === stepsPerEpoch) this.watcher.mark();
  }

  async endEpoch(epoch: number): Promise<void> {
    await this.keep(epoch);
  }

  private async keep(epoch: number): Promise<void> {
    this.looks = [...this.looks, await this.watcher.look(epoch)];
    await writeLooks(this.folder, this.looks);
  }

  [Symbol.dispose](): void {
    this.watcher[Symbol.dispose]();
  }
}

const FILE = 'watch.jsonl';

/** Keeps what was seen with the run. */
export async function writeLooks(folder: RunFolder, looks: readonly Look[]): Promise<void> {
  await folder.files.write(folder.at(FILE), looks.map(look => `${JSON.stringify(look)}\n`).join(''));
}

/** What was seen of a run; undefined when it was not watched. @throws FileError when the file is damaged. */
export async function readLooks(folder: RunFolder): Promise<Look[] | undefined> {
  const where = folder.at(FILE);
  if (!(await folder.files.exists(where))) return undefined;
  const lines = new TextDecoder().decode(await folder.files.read(where)).split('\n');
  try {
    return lines.filter(line => line !== '').map(line => JSON.parse(line) as Look);
  } catch (cause) {
    throw new FileError(`${where}: damaged; delete it, or train again with --watch`, { cause });
  }
}

/** |after - before| / |before|, in float64; infinite where it was zero and is not. */
export function updateRatio(before: ArrayLike<number>, after: ArrayLike<number>): number {
  let [change, norm] = [0, 0];
  for (let i = 0; i < before.length; i++) {
    change += (after[i]! - before[i]!) ** 2;
    norm += before[i]! ** 2;
  }
  return change === 0 ? 0 : Math.sqrt(change / norm);
}

/** To what a picture of them needs: lines of text with all digits would be twice as long. */
const rounded = (values: Float32Array) => Array.from(values, value => Number(value.toPrecision(5)));
