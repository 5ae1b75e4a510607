import { sha256 } from '../../src/data/dataset.ts';
import { type Engine, Model, ShapeError } from '../../src/index.ts';
import type { ModelConfig } from '../../src/nn/index.ts';
import type { Lab } from './lab.ts';
import type { Subject } from './subject.ts';

/** A network's numbers at one moment: training may go on meanwhile, and what is said of them still holds. */
export interface Snapshot {
  readonly config: ModelConfig;
  /** A safetensors file. */
  readonly bytes: Uint8Array;
  /** Of architecture and numbers: equal for equal networks, wherever they come from. */
  readonly key: string;
  /** Training steps that it had made, as far as the lab knows. */
  readonly step: number;
  /** What drew its first numbers, where that is known. */
  readonly seed?: number | undefined;
}

/** The network that everything is about, as it is now. In a turn, as all that follow. */
export async function snapshotNow(lab: Lab): Promise<Snapshot> {
  const { network, isOwn, isRun, origin } = lab.state.model!;
  const seed = isOwn || isRun || origin === 'brought' ? network.seed : undefined;
  return { ...(await takeSnapshot(lab.subject)), seed };
}

/** Reads the numbers of a model. */
export async function takeSnapshot({ model, player }: Pick<Subject, 'model'> & Partial<Subject>): Promise<Snapshot> {
  const [config, bytes, step] = [model.toJSON(), await model.save(), player?.state.step ?? 0];
  const [architecture, numbers] = await Promise.all([
    sha256(new TextEncoder().encode(JSON.stringify(config.layer))),
    sha256(bytes),
  ]);
  return { config, bytes, key: `${architecture}${numbers}`, step };
}

/** A model of its own with these numbers; the caller disposes of it. */
export function modelOf(
  engine: Engine,
  { config, bytes }: Pick<Snapshot, 'config' | 'bytes'>,
  where = config.name,
): Model {
  const model = Model.fromJSON(engine, config);
  try {
    model.load(bytes, where);
    return model;
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

/**
 * A network from a safetensors file.
 * @param where its name.
 * @param config its architecture; default that of the network that everything is about.
 * @throws FileError when the numbers do not fit it; ShapeError when it is for other pictures or classes.
 */
export async function readSnapshot(
  lab: Lab,
  bytes: Uint8Array,
  where: string,
  config: ModelConfig = lab.model.toJSON(),
): Promise<Snapshot> {
  const { engine, pictures } = lab.bench;
  using model = modelOf(engine, { config, bytes }, where);
  const { height, width, channels, classes } = pictures.packed.data;
  const [takes, gives] = [model.inputShape.join(' x '), model.outputShape.join(' x ')];
  const [pixels, count] = [[height, width, channels].join(' x '), String(classes.length)];
  if (takes !== pixels || gives !== count) {
    throw new ShapeError(
      `${where}: takes pictures of ${takes} and gives ${gives} values; here pictures are ${pixels}, of ${count} classes`,
    );
  }
  return await takeSnapshot({ model });
}
