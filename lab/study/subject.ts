import { pick, subset } from '../../src/data/subset.ts';
import { type Model, type RunConfig, RunFolder } from '../../src/index.ts';
import { loadPretrained, pretrainedFile } from '../../src/models/index.ts';
import { browserFiles } from '../../src/platform/browser.ts';
import {
  type Beginning,
  Controls,
  type ImageSample,
  type StudiedRun,
  type Subject,
} from '../../src/report/study/index.ts';
import { readLooks } from '../../src/study/index.ts';
import { openEngine } from '../device.ts';
import { fetchPictures } from '../worker/pictures.ts';
import { modelOf, type Snapshot } from '../worker/snapshot.ts';
import type { StudySubject } from './protocol.ts';

/** A subject on a device of its own, so that neither waits for the lab's nor is lost with it. */
export interface OpenSubject extends Disposable {
  readonly subject: Omit<Subject, 'signal' | 'progress'>;
  /** Name of the data set. */
  readonly data: string;
}

/** @throws AdapterError without WebGPU; FileError for a run that cannot be read. */
export async function openSubject({ network, others, title, images }: StudySubject): Promise<OpenSubject> {
  const folder = network.isRun ? new RunFolder(browserFiles, 'run') : undefined;
  const config = await folder?.readConfig();
  const looks = folder && (await readLooks(folder));
  const fill = await fillOf(config);
  const [samples, made] = [await samplesOf(config, images), [] as Disposable[]];
  const dispose = () => {
    for (const part of made) part[Symbol.dispose]();
  };
  const keep = <T extends Disposable>(part: T): T => {
    made.unshift(part);
    return part;
  };
  try {
    const engine = keep(await openEngine());
    const runOf = (path: string, { config, bytes }: Snapshot, beginning: Beginning): StudiedRun => {
      const model = keep(modelOf(engine, { config, bytes }, path));
      const controls = keep(new Controls(model, beginning));
      return { path, model, looks: undefined, first: () => controls.first(), untrained: () => controls.untrained() };
    };
    const { snapshot, seed } = network;
    const run = { ...runOf(title, snapshot, { seed, fill }), looks };
    const compared = others.map(other => runOf(other.title, other.snapshot, { seed }));
    const { data, seen, unseen } = samples;
    return { subject: { engine, run, others: compared, seen, unseen }, data, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** How a run's network got the weights of others that it began with, where it did and they come with the page. */
async function fillOf(config: RunConfig | undefined): Promise<Beginning['fill']> {
  const name = config?.weights;
  if (!name) return undefined;
  const path = `weights/${pretrainedFile(name)}`;
  if (!(await browserFiles.exists(path))) return undefined;
  const served = { where: 'weights', read: () => browserFiles.read(path) };
  return (model: Model) => loadPretrained(model, name, served);
}

/** As many pictures of those that are held back as of those to learn from, all classes in proportion. */
async function samplesOf(config: RunConfig | undefined, count: number) {
  const { data, split, numbers } = await fetchPictures();
  const sample = async (places: Uint32Array, what: string): Promise<ImageSample> => {
    const chosen = subset(places, data.labels, count);
    return { images: await pick(data, chosen), numbers: chosen.map(place => numbers[place]!), what };
  };
  const heldBack = config?.data.full
    ? 'pictures that are held back here, but were not from this run'
    : 'held-back pictures';
  const [unseen, seen] = [await sample(split.validation, heldBack), await sample(split.train, 'training pictures')];
  return { data: data.name, unseen, seen };
}
