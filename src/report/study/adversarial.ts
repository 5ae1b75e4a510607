import { GpuDataset } from '../../data/gpu-dataset.ts';
import { pick, subset } from '../../data/subset.ts';
import { ATTACKS, type AttackName, attack, KEPT } from '../../study/adversarial.ts';
import { type Block, charts, heading, muted, type Shown, text } from '../document.ts';
import { count, percent } from '../format.ts';
import { toPicture } from '../pictures.ts';
import { plot } from '../plots.ts';
import { wilson } from '../statistics.ts';
import type { Picture } from '../types.ts';
import { atLeast, operationsFor } from './budget.ts';
import type { Study, Subject } from './study.ts';

interface AdversarialResult {
  readonly images: number;
  readonly what: string;
  /** Of PGD. */
  readonly steps: number;
  readonly clean: number;
  readonly results: readonly ({ readonly epsilon: number } & Readonly<Record<AttackName, Answer>>)[];
  readonly examples: readonly Example[];
}

interface Answer {
  readonly accuracy: number;
  readonly loss: number;
  /** Root mean square of the change, as a share of the full range. */
  readonly size: number;
}

interface Example {
  readonly number: number;
  readonly label: string;
  readonly epsilon: number;
  readonly pictures: readonly {
    readonly name: 'unchanged' | AttackName;
    readonly answer: string;
    readonly picture: Picture;
  }[];
}

const EPSILONS = [2, 4, 8, 16].map(step => step / 255);
const STEPS = 10;
/** Floating-point operations: about two minutes on a processor. */
const BUDGET = { software: 1.2e12, gpu: 1e15 };
const FEWEST = 32;
const FEW = 10;
const EXAMPLES = 3;

/** How little it takes to change the network's mind. */
export const adversarial: Study<AdversarialResult> = {
  name: 'adversarial',
  title: 'Pictures changed against the network',
  describe: 'accuracy on pictures changed by FGSM and PGD, beside noise that changes them as much',
  run: study,
  section,
};

async function study({ engine, run, unseen, signal, progress }: Subject): Promise<AdversarialResult> {
  const { model } = run;
  // A step of the attack is a forward and a backward pass; three times the former.
  const each = 3 * model.describe().flops * EPSILONS.length * (STEPS + 2);
  const affordable = Math.max(atLeast(engine, FEWEST, FEW), Math.floor(operationsFor(engine, BUDGET) / each));
  const all = Uint32Array.from({ length: unseen.images.count }, (_, i) => i);
  const chosen = subset(all, unseen.images.labels, affordable);
  using data = new GpuDataset(engine, await pick(unseen.images, chosen));
  const onProgress = (done: number, total: number) => progress(`adversarial: ${done} of ${total} passes`);
  const found = await attack(model, data, { epsilons: EPSILONS, steps: STEPS, signal, onProgress });
  const { clean, results } = found;
  const plain = ({ accuracy, loss, size }: typeof clean): Answer => ({ accuracy, loss, size });
  const examples = Array.from({ length: Math.min(KEPT, data.count) }, (_, i) => i).flatMap((i): Example[] => {
    const label = data.labels[i]!;
    const weakest = results.find(({ pgd }) => pgd.predictions[i] !== label);
    if (clean.predictions[i] !== label || !weakest) return [];
    const { epsilon } = weakest;
    const shown = (['unchanged', ...ATTACKS] as const).map(name => {
      const { pictures, predictions } = name === 'unchanged' ? clean : weakest[name];
      const { height, width, channels } = data.source;
      const size = height * width * channels;
      const bytes = Uint8Array.from(pictures.subarray(i * size, (i + 1) * size), value => Math.round(255 * value));
      return { name, answer: data.classes[predictions[i]!]!, picture: toPicture(bytes, data.source) };
    });
    return [{ number: unseen.numbers[chosen[i]!]!, label: data.classes[label]!, epsilon, pictures: shown }];
  });
  return {
    ...{ images: found.images, what: unseen.what, steps: found.steps, clean: clean.accuracy },
    results: results.map(({ epsilon, fgsm, pgd, noise }) => ({
      ...{ epsilon, fgsm: plain(fgsm), pgd: plain(pgd), noise: plain(noise) },
    })),
    examples: examples.slice(0, EXAMPLES),
  };
}

const NAMES: Readonly<Record<AttackName, string>> = { fgsm: 'FGSM', pgd: 'PGD', noise: 'noise' };
const of255 = (epsilon: number) => `${Number((255 * epsilon).toFixed(2))}`;

function section({ images, what, steps, clean, results, examples }: AdversarialResult): Block[] {
  const half = results.find(({ pgd }) => pgd.accuracy < clean / 2);
  const last = results.at(-1)!;
  const { low, high } = wilson(Math.round(clean * images), images);
  return [
    text(
      `${
        half
          ? `When PGD may change each pixel by ${of255(half.epsilon)} of 255, more than half of the right answers are gone ` +
            `(${percent(half.pgd.accuracy, 1)} right); noise of that size leaves ${percent(half.noise.accuracy, 1)}.`
          : `Even when PGD may change each pixel by ${of255(last.epsilon)} of 255, ${percent(last.pgd.accuracy, 1)} of the ` +
            'answers are right.'
      } Unchanged it is ${percent(clean, 1)}.`,
    ),
    charts(
      plot({
        title: 'Accuracy on changed pictures',
        x: { title: 'largest change of a pixel, of 255', text: value => String(value) },
        y: share => percent(share, 0),
        lines: true,
        series: ATTACKS.map((name, colour) => ({
          name: NAMES[name],
          colour,
          points: [
            { x: 0, y: clean },
            ...results.map(result => ({ x: 255 * result.epsilon, y: result[name].accuracy })),
          ],
        })),
      }),
    ),
    {
      kind: 'table',
      name: 'Accuracy on changed pictures',
      head: ['Change of a pixel', ...ATTACKS.map(name => NAMES[name]), ...ATTACKS.map(name => `${NAMES[name]}, rms`)],
      rows: results.map(result => [
        `${of255(result.epsilon)} of 255`,
        ...ATTACKS.map(name => percent(result[name].accuracy, 1)),
        ...ATTACKS.map(name => (255 * result[name].size).toFixed(2)),
      ]),
    },
    ...examples.flatMap(({ number, label, epsilon, pictures }): Block[] => [
      heading(`Image ${number}, ${label}: each pixel changed by ${of255(epsilon)} of 255 at most`),
      {
        kind: 'pictures',
        items: pictures.map(({ name, answer, picture }): Shown => {
          const way = name === 'unchanged' ? name : NAMES[name];
          return { picture, alt: `${label}, ${way}`, lines: [way, `called ${answer}`] };
        }),
      },
    ]),
    muted(
      `On ${count(images)} ${what}, by which an accuracy is known to about ${percent((high - low) / 2, 0)}. FGSM takes one ` +
        `step along the sign of the loss's gradient, PGD ${steps} small ones from a random start. Control: every pixel moved ` +
        'by as much, up or down by chance. Rms: root mean square of the change that is left where pixels end at black and ' +
        'white, of 255. An attack that fails does not prove that none succeeds.',
    ),
  ];
}
