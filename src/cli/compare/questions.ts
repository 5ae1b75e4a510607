import { findAugmentation } from '../../data/augmentation.ts';
import type { Recipe } from '../../models/index.ts';
import { count } from '../../report/format.ts';
import type { Contrast, Question } from '../../report/types.ts';
import type { Overrides } from '../../train/search.ts';
import { type Row, shortTitle } from './rows.ts';
import { type Counts, imagesOf, type Protocol, watched } from './timing.ts';

/** A row before its seeds are known. */
export type Draft = Omit<Row, 'seed'>;

/** What rows are made from. */
export interface Frame {
  /** The recipes there are, those that a data set's pictures fit. */
  readonly recipes: ReadonlyMap<string, Recipe>;
  /** Recipes that stand side by side. */
  readonly families: readonly Recipe[];
  readonly protocol: Protocol;
  readonly counts: Counts;
}

/** Questions by the name under which they are asked for. */
export const QUESTIONS = ['convolution', 'augmentation', 'depth', 'size', 'cut', 'fine-tuning'] as const;
export type QuestionId = (typeof QUESTIONS)[number];

/** The policy with and without which every family is trained. */
export const POLICY = findAugmentation('standard');
const NONE = findAugmentation('none');

/** A recipe under the protocol, with what the row changes. */
export function draft(frame: Frame, recipe: Recipe, purpose: string, changes: Partial<Draft> = {}): Draft {
  const { epochs, batch, ...selection } = frame.protocol;
  const overrides = {
    ...(epochs !== undefined && { epochs }),
    ...(batch !== undefined && inBatchesOf(batch, recipe)),
    ...changes.overrides,
  };
  const row = { id: recipe.name, recipe: recipe.name, title: shortTitle(recipe), purpose: [purpose] };
  return { ...row, ...selection, ...changes, overrides };
}

/**
 * Smaller batches than the recipe's. What SGD moves by is the sum of what it sees, so its rate goes along (the linear rule of
 * P. Goyal et al., "Accurate, Large Minibatch SGD", 2017); Adam's steps are of one size whatever the batch.
 */
function inBatchesOf(batch: number, { defaults }: Recipe): Overrides {
  if (batch >= defaults.batch) return {};
  const { optimizer, learningRate } = defaults;
  return { batch, ...(optimizer === 'sgd' && { learningRate: (learningRate * batch) / defaults.batch }) };
}

/** The row of a recipe with this policy, or with none; its plain name where that is what the recipe does anyway. */
export function augmented(frame: Frame, recipe: Recipe, on: boolean, purpose: string): Draft {
  const own = recipe.defaults.augmentation;
  if (!on && !own) return draft(frame, recipe, purpose);
  const policy = on ? POLICY : NONE;
  return draft(frame, recipe, purpose, {
    id: `${recipe.name}+${policy.name}`,
    title: `${shortTitle(recipe)}, ${on ? `augmented (${policy.name})` : 'not augmented'}`,
    overrides: { augmentation: policy },
  });
}

/** A question, and the rows that answer it; fewer contrasts where a recipe is not there, none where too many are not. */
export function ask(id: QuestionId, frame: Frame): { readonly question: Question; readonly rows: readonly Draft[] } {
  const { question, pairs } = MAKERS[id](frame, id);
  const rows = pairs.flatMap(pair => [pair[0], pair[1]]);
  const contrasts = pairs.map(([first, second, adds]): Contrast => ({ first: first.id, second: second.id, adds }));
  return { question: { id, ...question, contrasts }, rows };
}

type Pair = readonly [first: Draft, second: Draft, adds: string];
interface Made {
  readonly question: Pick<Question, 'asks' | 'control'>;
  readonly pairs: readonly Pair[];
}

const MAKERS: Readonly<Record<QuestionId, (frame: Frame, purpose: string) => Made>> = {
  convolution: (frame, purpose) => {
    const permuted = (recipe: Recipe) =>
      draft(frame, recipe, purpose, {
        id: `${recipe.name}+permuted`,
        title: `${shortTitle(recipe)}, pixels permuted`,
        pixels: 'permuted',
      });
    return {
      question: {
        asks: 'Does convolution help, at as many parameters?',
        control:
          'The same two models on pictures whose pixels were put in another order, one for all: what a network gains by looking at neighbours is lost there.',
      },
      pairs: between(frame, 'cnn', 'mlp', (cnn, mlp) => [
        [draft(frame, cnn, purpose), draft(frame, mlp, purpose), 'convolutions'],
        [permuted(cnn), permuted(mlp), 'convolutions, where neighbours mean nothing'],
      ]),
    };
  },
  augmentation: (frame, purpose) => ({
    question: {
      asks: `What does augmentation (${POLICY.name}) add?`,
      control: 'Every family is trained with and without it, with as many epochs; test pictures are never changed.',
    },
    pairs: frame.families.map(recipe => [
      augmented(frame, recipe, true, purpose),
      augmented(frame, recipe, false, purpose),
      `augmentation of the ${shortTitle(recipe)}`,
    ]),
  }),
  depth: (frame, purpose) => ({
    question: {
      asks: 'Does depth help (ResNet-20)?',
      control: 'A network of five convolutions with batch norm too, and with about as many parameters.',
    },
    pairs: [
      ...pair(frame, purpose, 'resnet20', 'cnn', 'depth and batch norm'),
      ...pair(frame, purpose, 'resnet20', 'cnn-best', 'depth, batch norm being in both'),
    ],
  }),
  size: (frame, purpose) => ({
    question: {
      asks: 'How does accuracy grow with the training set, and where does transfer win?',
      control:
        'The same images for all models at each size; smaller sets are seen more often, up to 100 epochs, so that a model has not merely made fewer steps.',
    },
    pairs: sizesBelow(frame).flatMap(limit =>
      [
        ['cnn', 'mlp', 'convolutions'],
        ['vgg16', 'cnn', 'transfer from ImageNet'],
      ].flatMap(([first, second, adds]) =>
        between(frame, first!, second!, (a, b): Pair[] => [
          [sized(frame, a, limit, purpose), sized(frame, b, limit, purpose), `${adds}, with ${count(limit)} images`],
        ]),
      ),
    ),
  }),
  cut: (frame, purpose) => ({
    question: {
      asks: 'Behind which block of VGG16 are the features best?',
      control:
        'One head and one budget for all cuts, at 32 and at 64 px, and with 512 principal components of each cut in place of its values, so that no head has more to learn from than that of block 5; and the same frozen network with random weights, which has the form of the features but nothing that was learned.',
    },
    pairs: [
      ...['', '-64', '-pca512'].flatMap(form =>
        [1, 2, 3, 4].flatMap(block =>
          pair(frame, purpose, `vgg16-block${block}${form}`, `vgg16${form}`, CUT(block, form)),
        ),
      ),
      ...pair(frame, purpose, 'vgg16', 'vgg16-random', 'weights of ImageNet in the frozen blocks'),
    ],
  }),
  'fine-tuning': (frame, purpose) => ({
    question: {
      asks: 'What does fine-tuning add?',
      control: 'The same architecture from random weights, all of it trained, for as many epochs.',
    },
    pairs: [
      ...pair(frame, purpose, 'vgg16-finetune', 'vgg16', 'fine-tuning of the last block'),
      ...pair(frame, purpose, 'vgg16-finetune', 'vgg16-scratch', 'weights of ImageNet to begin with'),
    ],
  }),
};

const FORMS: Readonly<Record<string, string>> = { '-64': ', at 64 px', '-pca512': ', 512 components of each' };
const CUT = (block: number, form: string) => `a cut behind block ${block} in place of 5${FORMS[form] ?? ''}`;

/** Two recipes as they are, where both are there. */
function pair(frame: Frame, purpose: string, first: string, second: string, adds: string): readonly Pair[] {
  return between(frame, first, second, (a, b) => [[draft(frame, a, purpose), draft(frame, b, purpose), adds]]);
}

/** What is made of two recipes, where both are there. */
function between(
  { recipes }: Frame,
  first: string,
  second: string,
  make: (first: Recipe, second: Recipe) => readonly Pair[],
): readonly Pair[] {
  const [a, b] = [recipes.get(first), recipes.get(second)];
  return a && b ? make(a, b) : [];
}

const SIZES = [600, 2_000, 6_000, 20_000];
const MOST_EPOCHS = 100;

function sizesBelow({ protocol, counts }: Frame): number[] {
  const { train } = imagesOf(protocol, counts);
  return SIZES.filter(size => size < train);
}

function sized(frame: Frame, recipe: Recipe, limit: number, purpose: string): Draft {
  const { protocol, counts } = frame;
  const epochs = protocol.epochs ?? recipe.defaults.epochs;
  const seen = imagesOf(protocol, counts).train * epochs;
  return draft(frame, recipe, purpose, {
    id: `${recipe.name}@${limit}`,
    title: `${shortTitle(recipe)}, ${count(limit)} images`,
    limit,
    ...(!protocol.full && watched(limit, counts)),
    overrides: { epochs: Math.max(epochs, Math.min(MOST_EPOCHS, Math.round(seen / limit))) },
  });
}
