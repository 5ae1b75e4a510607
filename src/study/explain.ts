import type { Model } from '../nn/model.ts';
import type { HostArray } from './arrays.ts';
import { type DeletionCurves, type DeletionInsertion, deletionCurves } from './deletion.ts';
import type { Explanation, Method, MethodOptions } from './methods.ts';
import { type CascadeStep, cascade, type Explain } from './randomisation.ts';

export interface ExplainOptions extends Omit<MethodOptions, 'rough'> {
  readonly methods: readonly Method[];
  /** Told what is computed next. */
  readonly progress?: (what: string) => void;
}

/** A method's map with what must be known to believe it. */
export interface Explained extends Explanation {
  readonly method: Method;
  /** The same by networks whose layers forget one after the other. */
  readonly cascade: readonly CascadeStep[];
  readonly curves: DeletionInsertion;
}

export interface ExplainedImage {
  readonly explained: readonly Explained[];
  /** The pixels in random order, and the brightest first. */
  readonly controls: Pick<DeletionCurves<string>, 'random' | 'magnitude' | 'foreground'>;
}

/**
 * A picture explained by several methods, each with its controls: cascading randomisation of the layers, and deletion and
 * insertion of pixels.
 * @throws ShapeError, ValueError for a picture, class or layer that the model does not know.
 */
export async function explainImage(model: Model, image: HostArray, options: ExplainOptions): Promise<ExplainedImage> {
  const { methods, progress, ...own } = options;
  const found: { method: Method; explanation: Explanation }[] = [];
  for (const method of methods) {
    progress?.(method.title);
    found.push({ method, explanation: await method.explain(model, image, own) });
  }
  const byName = <T>(value: (entry: (typeof found)[number]) => T) =>
    Object.fromEntries(found.map(entry => [entry.method.name, value(entry)]));
  const explainers = byName(({ method }): Explain => {
    return async random => (await method.explain(random, image, { ...own, rough: true })).map;
  });
  const steps = await cascade(model, image, explainers, {
    ...(own.seed !== undefined && { seed: own.seed }),
    progress: (done, total) => progress?.(`control: layers forget, ${done} of ${total}`),
  });
  progress?.('control: deletion and insertion');
  const { maps, ...controls } = await deletionCurves(
    model,
    image,
    byName(({ explanation }) => explanation.map),
    own,
  );
  return {
    explained: found.map(({ method, explanation }) => ({
      ...{ method, ...explanation },
      ...{ cascade: steps[method.name]!, curves: maps[method.name]! },
    })),
    controls,
  };
}
