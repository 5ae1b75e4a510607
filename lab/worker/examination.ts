import { type Engine, Evaluator, type Model } from '../../src/index.ts';
import { type Evaluation, judge } from '../../src/train/evaluate.ts';
import type { Examined } from '../protocol.ts';
import type { Lab } from './lab.ts';
import type { Pictures } from './pictures.ts';
import { modelOf, takeSnapshot } from './snapshot.ts';

/** Pictures of a piece: between two of them a training step may be made. A processor that plays the GPU takes fewer. */
const PIECE = { none: 1, software: 50, gpu: 250 };

/**
 * Runs pictures of the data set through the network as it is now, piece by piece, between the steps of a training. What was
 * looked at before `signal` fired is given all the same.
 */
export async function examine(lab: Lab, places: Uint32Array, signal: AbortSignal): Promise<Examined> {
  const { turns, bench } = lab;
  const { engine, pictures, trains } = bench;
  const snapshot = await turns.take(() => takeSnapshot(lab.subject));
  const piece = !trains ? PIECE.none : engine.caps.software ? PIECE.software : PIECE.gpu;
  using model = await turns.take(() => modelOf(engine, snapshot));
  using evaluator = trains
    ? await turns.take(() => Evaluator.compile(model, pictures.dataset!, { batch: piece }))
    : undefined;
  const parts: Evaluation[] = [];
  let done = 0;
  while (done < places.length && !signal.aborted) {
    lab.emit('examined', { done, total: places.length });
    const some = places.subarray(done, done + piece);
    parts.push(await turns.take(() => evaluator?.run(some) ?? look(engine, model, pictures, some[0]!)));
    done += some.length;
  }
  return {
    key: snapshot.key,
    step: snapshot.step,
    total: places.length,
    places: places.slice(0, done),
    labels: Uint8Array.from(parts.flatMap(({ labels }) => [...labels])),
    predictions: Uint8Array.from(parts.flatMap(({ predictions }) => [...predictions])),
    confidences: Float32Array.from(parts.flatMap(confidences)),
    losses: Float32Array.from(parts.flatMap(losses)),
  };
}

/** One picture on the reference engine, which compiles nothing. */
async function look(engine: Engine, model: Model, pictures: Pictures, place: number): Promise<Evaluation> {
  const { labels, classes } = pictures.packed.data;
  const logits = await engine.scope(async () => {
    const picture = engine.tensor(pictures.pixels(place), [1, ...model.inputShape]);
    return Float32Array.from(await engine.noGrad(() => model.forward(picture)).data());
  });
  return judge(logits, Uint8Array.of(labels[place]!), classes.length);
}

/** Of each picture, the probability of the class that it was taken for. */
function confidences({ predictions, probabilities }: Evaluation): number[] {
  const classes = probabilities.length / predictions.length;
  return Array.from(predictions, (predicted, i) => probabilities[i * classes + predicted]!);
}

/** Of each picture, its cross-entropy in nats: from the logits, since a probability may be too small for a float32. */
function losses({ labels, logits, predictions }: Evaluation): number[] {
  const classes = logits.length / labels.length;
  return Array.from(labels, (label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const largest = row[predictions[i]!]!;
    const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return Math.log(sum) + largest - row[label]!;
  });
}
