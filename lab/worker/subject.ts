import { type Engine, Model } from '../../src/index.ts';
import type { Recording } from '../../src/study/index.ts';
import { decodeSession, type SessionRecord } from '../../src/train/session-file.ts';
import type { Network } from '../network.ts';
import type { ModelState } from '../protocol.ts';
import { toLayer } from './architecture.ts';
import type { Backward } from './backward.ts';
import type { Fork } from './fork.ts';
import type { Lab } from './lab.ts';
import type { Player } from './player.ts';
import { Probe } from './probe.ts';
import { RecordingPlayer } from './recording.ts';
import { Training } from './training.ts';

/** What lives as long as a model does. */
export interface Subject extends Disposable {
  readonly model: Model;
  readonly probe: Probe;
  /** None where nothing can be trained and nothing was recorded. */
  readonly player: Player | undefined;
  /** Whether it started from the first numbers of its network, so that their change can be told. */
  readonly isOwn: boolean;
  /** Steps behind its numbers where there is no player to ask. */
  readonly step: number;
  /** Made when it is first run. */
  backward: Backward | undefined;
  /** A second branch of its training, while there is one. */
  fork: Fork | undefined;
}

/** Where a model's numbers come from; from nowhere: its first ones, drawn by its seed. */
export interface Numbers {
  /** A safetensors file of its parameters, what to call it, and whether the lab brought it with it. */
  readonly weights?: { readonly bytes: Uint8Array; readonly where: string; readonly brought?: boolean };
  /** The bytes of a training session. */
  readonly saved?: Uint8Array | undefined;
  /** Whether it began with the first numbers of its network; default: what the numbers themselves say. */
  readonly isOwn?: boolean | undefined;
  /** A recorded training. */
  readonly recorded?: Recording;
  /** Whether they are those of the run that the page was served with, or what it has learned since. */
  readonly isRun?: boolean;
}

/**
 * The model of a network with these numbers, and what trains and looks at it.
 * @throws ShapeError when it cannot be built, FileError when the numbers do not fit.
 */
export async function makeSubject(lab: Lab, network: Network, numbers: Numbers): Promise<Subject> {
  const made: Disposable[] = [];
  try {
    const parts = await makeParts(lab, network, numbers, made);
    const subject: Subject = {
      ...{ ...parts, backward: undefined, fork: undefined },
      [Symbol.dispose]() {
        subject.backward?.[Symbol.dispose]();
        subject.fork?.[Symbol.dispose]();
        disposeAll(made);
      },
    };
    return subject;
  } catch (error) {
    disposeAll(made);
    throw error;
  }
}

/** Each part is put in front of `made` as soon as it is there. */
async function makeParts(lab: Lab, network: Network, numbers: Numbers, made: Disposable[]) {
  const { saved, weights, recorded } = numbers;
  const { engine, trains, pictures } = lab.bench;
  const keep = <T extends Disposable>(part: T): T => {
    made.unshift(part);
    return part;
  };
  let player: Player | undefined = saved && trains ? keep(await Training.restore(lab, saved, network)) : undefined;
  const model = player instanceof Training ? player.session.model : keep(makeModel(engine, network));
  if (weights) model.load(weights.bytes, weights.where);
  const record = saved && (!trains || numbers.isOwn === undefined) ? await decodeSession(saved, 'session') : undefined;
  const step = record && !trains ? writeLatest(model, record) : 0;
  if (recorded) player = keep(new RecordingPlayer(lab, model, recorded));
  else if (trains) player ??= keep(await Training.make(lab, model, network));
  const probe = keep(await Probe.make(model, pictures.chosen, trains));
  const fromSeed = async () => (record ? await isFromSeed(engine, network, record) : weights === undefined);
  return { model, player, probe, step, isOwn: numbers.isOwn ?? (await fromSeed()) };
}

/** Gives a model that cannot be trained here the numbers of a training's latest kept moment. @returns its step. */
function writeLatest({ parameters }: Model, { moments }: SessionRecord): number {
  const { step, arrays } = moments.at(-1)!;
  const { values, frozen, state } = parameters;
  values.write(arrays.parameters!);
  if (frozen) frozen.write(arrays.frozen!);
  if (state) state.write(arrays.state!);
  return step;
}

/** Whether a training began with the numbers that the network's seed draws; not if its beginning was not kept. */
async function isFromSeed(engine: Engine, network: Network, { moments }: SessionRecord): Promise<boolean> {
  const { step, arrays } = moments[0]!;
  if (step !== 0) return false;
  using first = makeModel(engine, network);
  const drawn = await first.parameters.values.data();
  return drawn.every((value, i) => value === arrays.parameters![i]);
}

/** With the first numbers, drawn by the seed. */
export function makeModel(engine: Engine, { config, seed }: Network): Model {
  const { name, inputShape } = config;
  return new Model(engine, toLayer(config), { name, inputShape, seed });
}

export function originOf({ saved, weights, recorded }: Numbers): ModelState['origin'] {
  if (saved || recorded) return 'trained';
  if (!weights) return 'random';
  return weights.brought ? 'brought' : 'file';
}

function disposeAll(parts: readonly Disposable[]): void {
  for (const part of parts) part[Symbol.dispose]();
}
