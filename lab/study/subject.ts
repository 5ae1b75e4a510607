import { PIXEL_SEED, permutePixels } from '../../src/data/permute.ts';
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
  /** Of the first numbers, or of those that stand for them. */
  readonly seed: number;
  readonly isBeginningKnown: boolean;
}

/** Where nobody knows which seed drew a network's first numbers: one that nobody is likely to have chosen. */
const UNKNOWN = 90_210;

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
    const { snapshot } = network;
    const { seed = UNKNOWN } = snapshot;
    const run = { ...runOf(title, snapshot, { seed, fill }), looks };
    const compared = others.map((other, i) =>
      runOf(other.title, other.snapshot, { seed: other.snapshot.seed ?? UNKNOWN + 1 + i }),
    );
    const { data, seen, unseen } = samples;
    const isBeginningKnown = snapshot.seed !== undefined && !(config?.weights && !fill);
    const subject = { engine, run, others: compared, seen, unseen };
    return { ...{ subject, data, seed, isBeginningKnown }, [Symbol.dispose]: dispose };
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
  const about = config?.data;
  const images = about?.pixels === 'permuted' ? permutePixels(data, PIXEL_SEED) : data;
  const sample = async (places: Uint32Array, what: string): Promise<ImageSample> => {
    const chosen = subset(places, data.labels, count);
    return { images: await pick(images, chosen), numbers: chosen.map(place => numbers[place]!), what };
  };
  const others = about && about.name !== data.name ? ` (of ${data.name}; it was trained on ${about.name})` : '';
  const heldBack = about?.full
    ? 'pictures that are held back here, but were not from this run'
    : `held-back pictures${others}`;
  const unseen = await sample(split.validation, heldBack);
  return { data: data.name, unseen, seen: await sample(split.train, `training pictures${others}`) };
}
