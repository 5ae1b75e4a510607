import { type BuiltLayer, type Model, walk } from '../../nn/index.ts';
import { inspect, type LayerReport } from '../../study/inspect.ts';
import type { Subject } from './study.ts';

/** The layers of the network that is studied, and of the one that it was before its first step, on the same images. */
export interface Inspected {
  readonly trained: readonly LayerReport[];
  readonly first: readonly LayerReport[];
}

const known = new WeakMap<Subject, Promise<Inspected>>();

/** Computed once for all studies of a subject that ask for it. */
export function inspected(subject: Subject): Promise<Inspected> {
  const found = known.get(subject) ?? look(subject);
  known.set(subject, found);
  return found;
}

async function look({ run, unseen, signal }: Subject): Promise<Inspected> {
  const trained = await inspect(run.model, unseen.images, { signal });
  return { trained, first: await inspect(await run.first(), unseen.images, { signal }) };
}

/** The layers with weights of their own for each unit: convolutions and dense ones, as they run. */
export function weightedLayers(model: Model): BuiltLayer[] {
  return walk(model.root).filter(({ type, name }) => name !== '' && (type === 'conv2d' || type === 'dense'));
}
