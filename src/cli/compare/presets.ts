import { findAugmentation } from '../../data/augmentation.ts';
import type { Recipe } from '../../models/index.ts';
import type { Question } from '../../report/types.ts';
import { drawSettings, overridesOf, spaceAround } from '../../train/search.ts';
import { ask, augmented, type Draft, draft, type Frame, POLICY, QUESTIONS, type QuestionId } from './questions.ts';
import { STUDY, STUDY_VARIANTS } from './recipes.ts';
import { mergeRows, type Plan, type Row, shortTitle } from './rows.ts';
import { EPOCHS, type Protocol } from './timing.ts';

export const PRESETS = {
  quick: 'the four families on one subset of the images, within 20 minutes',
  seed: 'the protocol of the study that this repeats: all images, 10 epochs, VGG16 frozen and augmented for 40',
  fair: 'every family with and without augmentation, with as many trials and as many images seen',
  best: 'every network by its own recipe, on all images',
} as const;
export type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as Preset[];

const FAMILIES = ['mlp', 'cnn', 'vgg16', 'resnet20'];

/** What stands side by side when nobody names models. */
export const USUAL: Readonly<Record<Preset, readonly string[]>> = {
  quick: FAMILIES,
  seed: ['mlp', 'cnn', STUDY.name],
  fair: FAMILIES,
  best: ['mlp', 'cnn', 'cnn-best', 'vgg16-block3', 'vgg16-finetune', 'resnet20'],
};

/** What a person may decide about a comparison; the rest follows from the preset and the device. */
export interface Wishes {
  readonly seeds?: readonly number[] | undefined;
  readonly epochs?: number | undefined;
  readonly limit?: number | undefined;
  readonly questions?: readonly QuestionId[] | undefined;
}

/** What a preset other than quick, which has to measure first, trains on and for how long. */
export function protocolOf(preset: Exclude<Preset, 'quick'>, { epochs, limit }: Wishes): Protocol {
  const own = preset === 'best' ? undefined : EPOCHS;
  const chosen = epochs ?? own;
  return { ...(limit === undefined ? { full: true } : { limit }), ...(chosen !== undefined && { epochs: chosen }) };
}

/** All rows of a preset and of the questions that are asked besides, each trained once. */
export function makePlan(preset: Preset, frame: Frame, wishes: Wishes = {}): Plan {
  const made = MAKERS[preset](frame, wishes);
  const seedsFor = (recipe: string) => wishes.seeds ?? defaultSeeds(preset, frame.recipes.get(recipe));
  const answered = (wishes.questions ?? []).map(id => ask(id, frame));
  const drafts = [...made.drafts, ...answered.flatMap(({ rows }) => rows)];
  const seeds = [...new Set(drafts.flatMap(({ recipe }) => seedsFor(recipe)))];
  // Seed by seed, so that there is one whole comparison before the second seed of anything.
  const rows = seeds.flatMap(seed =>
    drafts.filter(({ recipe }) => seedsFor(recipe).includes(seed)).map(row => ({ ...row, seed })),
  );
  const all = mergeRows([...made.trials, ...rows]);
  // Questions that the rows of the preset answer by themselves are asked too, as far as they do.
  const ids = new Set(all.map(({ id }) => id));
  const others = QUESTIONS.filter(id => !wishes.questions?.includes(id)).map(id => ask(id, frame).question);
  const free = [STUDY_QUESTION, ...others].map(question => ({
    ...question,
    contrasts: question.contrasts.filter(({ first, second }) => ids.has(first) && ids.has(second)),
  }));
  const questions = [...answered.map(({ question }) => question), ...free].filter(q => q.contrasts.length > 0);
  return { rows: all, questions, notes: made.notes };
}

interface Made {
  readonly trials: readonly Row[];
  readonly drafts: readonly Draft[];
  readonly notes: readonly string[];
}

const HEADLINE = 'headline';

const MAKERS: Readonly<Record<Preset, (frame: Frame, wishes: Wishes) => Made>> = {
  quick: frame => ({
    trials: [],
    drafts: frame.families.map(recipe => draft(frame, recipe, HEADLINE)),
    notes: smallBatches(frame.protocol),
  }),
  best: frame => ({
    trials: [],
    drafts: frame.families.map(recipe => draft(frame, recipe, HEADLINE)),
    notes: ['Every network is trained by its own recipe, so they differ in epochs, optimizer and augmentation.'],
  }),
  seed: studied,
  fair,
};

const smallBatches = ({ batch }: Protocol): string[] =>
  batch === undefined
    ? []
    : [
        `Of so few images the recipes' batches would be too few steps to learn in, so a batch has ${batch}; the learning rate of SGD is less in proportion.`,
      ];

/** VGG16 keeps the epochs that it had in the study, whatever the others get. */
function studied(frame: Frame, { epochs }: Wishes): Made {
  const own = (recipe: Recipe) => ({ overrides: { epochs: epochs ?? recipe.defaults.epochs } });
  const transfer = frame.families.includes(STUDY);
  const variants = transfer ? STUDY_VARIANTS.map(({ recipe }) => draft(frame, recipe, 'study', own(recipe))) : [];
  const plain = draft(frame, STUDY, 'study', {
    id: `${STUDY.name}+none`,
    title: `${shortTitle(STUDY)}, not augmented`,
    overrides: { ...own(STUDY).overrides, augmentation: findAugmentation('none') },
  });
  return {
    trials: [],
    drafts: [
      ...frame.families.map(recipe => draft(frame, recipe, HEADLINE, recipe === STUDY ? own(recipe) : {})),
      ...(transfer ? [plain, ...variants] : []),
    ],
    notes: OPEN_CHOICES,
  };
}

/** Which of the choices that the study leaves open explains its figure. */
const STUDY_QUESTION: Question = {
  id: 'study',
  asks: 'What explains the 81 % of the study?',
  control: 'Each row differs from the reconstruction in one thing; head, epochs and seed are the same.',
  contrasts: [
    { first: STUDY.name, second: `${STUDY.name}+none`, adds: 'augmentation' },
    ...STUDY_VARIANTS.map(({ recipe, lacks }) => ({ first: STUDY.name, second: recipe.name, adds: lacks })),
  ],
};

/** What is known of the study that `seed` reconstructs, and what had to be decided in its place. */
export const OPEN_CHOICES: readonly string[] = [
  'Known of the study are its results (91 % for a CNN after 10 epochs, 81 % for VGG16 after 40), that VGG16 was frozen, with a dense head and augmentation, and that the test set served as validation. All else is a choice made here.',
  'Which epoch the two figures are of: here it is the last. Nothing is chosen by the test set, which is read once, at the end.',
  'Sizes of the layers: here the MLP is 784-256-128-10, the CNN 32-64-128 with dense 128, the head of VGG16 dense 256, all with dropout.',
  'Batch, optimizer and learning rate: here 128, Adam and 1e-3.',
  `What the augmentation did: here ${POLICY.name} (mirror, shift, turn, zoom), drawn anew in every epoch.`,
  'How pictures of 28 x 28 were made large enough for VGG16, whether they were turned to BGR and centred as its weights want it, and behind which block it was cut: here padded to 32 px, BGR, centred, behind block 5; the rows of the last question change each of these.',
];

/** Trials of each row of `fair`, one of them the recipe's own setting. */
export const TRIALS = 4;
const TRIAL_IMAGES = 12_000;
/** Of the search, and of the training of its trials. */
const TRIAL_SEED = 1;

/**
 * Trials on a part of the 55,000, judged by validation images; then the best setting of each row on all images, once a
 * seed. All rows see the same number of images, in trials and in the end.
 */
function fair(frame: Frame): Made {
  const drafts = frame.families.flatMap(recipe =>
    [false, true].map(on => ({ ...augmented(frame, recipe, on, HEADLINE), chosenFrom: '' })),
  );
  const limit = Math.min(TRIAL_IMAGES, frame.protocol.limit ?? TRIAL_IMAGES, frame.counts.train);
  const trials = drafts.flatMap(final => {
    const { full: _, chosenFrom: __, ...row } = final;
    const { learningRate } = spaceAround(frame.recipes.get(final.recipe)!.defaults);
    return Array.from({ length: TRIALS }, (_, i): Row => {
      // The first trial is what the recipe does anyway: a search must not do worse than no search.
      const settings = i === 0 ? {} : overridesOf(drawSettings({ learningRate: learningRate! }, TRIAL_SEED, i));
      const overrides = { ...row.overrides, ...settings };
      const id = `${final.id}~trial${i + 1}`;
      return { ...row, id, overrides, limit, seed: TRIAL_SEED, trial: final.id, purpose: ['choice'] };
    });
  });
  return {
    trials,
    drafts: drafts.map(row => ({ ...row, chosenFrom: row.id })),
    notes: [
      `Learning rates were chosen by ${TRIALS} trials of each row on ${limit} images, the recipe's own among them, by accuracy on the validation images alone.`,
      'Every row has seen as many images, in its trials and in its training.',
    ],
  };
}

/** Fixed before anything is trained: quick and seed one, else five where a run is cheap and three where it is not. */
function defaultSeeds(preset: Preset, recipe: Recipe | undefined): readonly number[] {
  if (preset === 'quick' || preset === 'seed') return [1];
  const cheap = recipe?.name === 'mlp' || isFrozen(recipe);
  return cheap ? [1, 2, 3, 4, 5] : [1, 2, 3];
}

/** Whether only a head is trained: what lies below is computed once. */
const isFrozen = (recipe: Recipe | undefined): boolean => {
  const { frozen = [], learningRateScale } = recipe?.defaults ?? {};
  return frozen.length > 0 && learningRateScale === undefined;
};
