import { describe, expect, it } from 'vitest';
import { makePlan, PRESET_NAMES, protocolOf, TRIALS, USUAL } from '../../../src/cli/compare/presets.ts';
import { type Frame, QUESTIONS } from '../../../src/cli/compare/questions.ts';
import { COMPARED } from '../../../src/cli/compare/recipes.ts';
import { keyOf } from '../../../src/cli/compare/rows.ts';
import { type Counts, imagesOf, type Protocol } from '../../../src/cli/compare/timing.ts';
import { cnn, mlp, type Recipe } from '../../../src/models/index.ts';
import { buildRoot } from '../../../src/nn/layer.ts';

const counts: Counts = { train: 55_000, validation: 5000, test: 10_000 };
function frame(
  families: readonly string[],
  protocol: Protocol,
  recipes: ReadonlyMap<string, Recipe> = COMPARED,
): Frame {
  return { recipes, families: families.map(name => recipes.get(name)!), protocol, counts };
}

const FOUR = ['mlp', 'cnn', 'vgg16', 'resnet20'];

describe('the plan of a comparison', () => {
  it('quick trains every family once, on the same images, for as many epochs', () => {
    const plan = makePlan('quick', frame(FOUR, { limit: 3000, validation: 1000, epochs: 10 }));
    expect(plan.rows.map(keyOf)).toEqual(FOUR.map(name => `${name}-seed1`));
    for (const row of plan.rows) {
      expect(row).toMatchObject({ limit: 3000, validation: 1000, overrides: { epochs: 10 } });
      expect(row.full).toBeUndefined();
    }
    // What these rows answer by themselves is asked; what would take others is not.
    expect(plan.questions.map(({ id }) => id)).toEqual(['convolution', 'depth']);
    expect(plan.questions[0]!.contrasts).toEqual([{ first: 'cnn', second: 'mlp', adds: 'convolutions' }]);
  });

  it('quick lets the learning rate of SGD fall with the batch, and says so', () => {
    const plan = makePlan('quick', frame(FOUR, { limit: 3000, batch: 32, epochs: 10 }));
    expect(plan.rows.map(({ overrides }) => overrides)).toEqual([
      { epochs: 10, batch: 32 },
      { epochs: 10, batch: 32 },
      { epochs: 10, batch: 32 },
      { epochs: 10, batch: 32, learningRate: (0.1 * 32) / 128 },
    ]);
    expect(plan.notes.join()).toMatch(/a batch has 32/);
    // A recipe that takes smaller ones by itself keeps them.
    const own = { ...cnn, defaults: { ...cnn.defaults, batch: 16 } };
    const small = makePlan('quick', { ...frame(FOUR, { batch: 32 }), families: [own] });
    expect(small.rows[0]!.overrides).toEqual({});
  });

  it('seed takes all images, ten epochs, and forty augmented ones for VGG16, and changes one thing at a time', () => {
    const plan = makePlan('seed', frame(USUAL.seed, protocolOf('seed', {})));
    expect(plan.rows.every(row => row.full)).toBe(true);
    const headline = plan.rows.filter(({ purpose }) => purpose.includes('headline'));
    expect(headline.map(({ id, overrides }) => [id, overrides.epochs])).toEqual([
      ['mlp', 10],
      ['cnn', 10],
      ['vgg16-study', 40],
    ]);
    const training = (id: string) => {
      const row = plan.rows.find(one => one.id === id)!;
      return { ...COMPARED.get(row.recipe)!.defaults, ...row.overrides };
    };
    const question = plan.questions.find(({ id }) => id === 'study')!;
    expect(question.contrasts).toHaveLength(8);
    const own = training('vgg16-study');
    expect(own).toMatchObject({ epochs: 40, batch: 128, augmentation: { name: 'standard' } });
    for (const { second } of question.contrasts) {
      // Of the settings only augmentation and, with the cut, what is frozen may differ; all else is the network's.
      const { frozen: _, augmentation: __, ...others } = training(second);
      const { frozen: ___, augmentation: ____, ...same } = own;
      expect([second, others]).toEqual([second, same]);
    }
    expect(training('vgg16-study+none').augmentation?.name).toBe('none');
    const layers = question.contrasts.map(({ second }) => JSON.stringify(COMPARED.get(second)?.build().toJSON()));
    expect(new Set(layers).size).toBe(8);
    expect(plan.notes.length).toBeGreaterThan(3);
    // Without VGG16 there is nothing to explain.
    const few = makePlan('seed', frame(['mlp', 'cnn'], protocolOf('seed', {})));
    expect([few.rows.length, few.questions.map(({ id }) => id)]).toEqual([2, ['convolution']]);
  });

  it('fair gives every row as many trials and as many images, and chooses before it sees the test', () => {
    const plan = makePlan('fair', frame(FOUR, protocolOf('fair', {})), { seeds: [1, 2] });
    const trials = plan.rows.filter(row => row.trial !== undefined);
    const finals = plan.rows.filter(row => row.trial === undefined);
    expect(finals).toHaveLength(2 * 4 * 2);
    for (const final of finals) {
      const own = trials.filter(({ trial }) => trial === final.chosenFrom);
      expect([final.id, own.length]).toEqual([final.id, TRIALS]);
      expect(own.every(({ full }) => !full)).toBe(true);
      // The first is what the recipe does without a search, the others differ from it and from each other.
      expect(own[0]!.overrides).toEqual(final.overrides);
      expect(new Set(own.map(({ overrides }) => overrides.learningRate)).size).toBe(TRIALS);
    }
    const seen = (row: (typeof finals)[number]) => imagesOf(row, counts).train * row.overrides.epochs!;
    expect(new Set(finals.map(seen))).toEqual(new Set([600_000]));
    expect(new Set(trials.map(seen)).size).toBe(1);
    // ResNet-20 augments by itself: without means told not to.
    const names = new Map(finals.map(({ id, overrides }) => [id, overrides.augmentation?.name]));
    expect(names.get('resnet20+none')).toBe('none');
    expect(names.get('resnet20+standard')).toBe(names.get('cnn+standard'));
    const contrasts = plan.questions.find(({ id }) => id === 'augmentation')!.contrasts;
    expect(contrasts.map(({ first, second }) => [first, second])).toEqual(
      FOUR.map(name => [`${name}+standard`, name === 'resnet20' ? 'resnet20+none' : name]),
    );
  });

  it('best leaves every recipe its own, and has three seeds or five', () => {
    const names = ['mlp', 'cnn-best', 'vgg16-block3', 'vgg16-finetune', 'resnet20'];
    const plan = makePlan('best', frame(names, protocolOf('best', {})));
    expect(plan.rows.every(({ overrides }) => Object.keys(overrides).length === 0)).toBe(true);
    const seeds = (name: string) => plan.rows.filter(({ id }) => id === name).map(({ seed }) => seed);
    const [three, five] = [
      [1, 2, 3],
      [1, 2, 3, 4, 5],
    ];
    expect(names.map(name => [name, seeds(name)])).toEqual([
      ['mlp', five],
      ['cnn-best', three],
      ['vgg16-block3', five],
      ['vgg16-finetune', three],
      ['resnet20', three],
    ]);
  });

  it('answers a question by rows that differ in one thing, and trains no row twice', () => {
    const limit = { limit: 6000, epochs: 10 };
    const plan = makePlan('quick', frame(FOUR, limit), { questions: QUESTIONS });
    const keys = plan.rows.map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    const ids = new Set(plan.rows.map(({ id }) => id));
    for (const { contrasts } of plan.questions) {
      for (const { first, second } of contrasts)
        expect([first, ids.has(first), ids.has(second)]).toEqual([first, true, true]);
    }
    expect(plan.questions.map(({ id }) => id)).toEqual(QUESTIONS);
    const cnnRow = plan.rows.find(({ id }) => id === 'cnn')!;
    expect(cnnRow.purpose).toEqual(['headline', 'convolution', 'augmentation', 'depth']);
    expect(plan.rows.find(({ id }) => id === 'cnn+permuted')).toMatchObject({ pixels: 'permuted', limit: 6000 });
    // Fewer images are seen more often.
    const sizes = plan.rows.filter(({ id }) => id.startsWith('mlp@'));
    expect(sizes.map(({ limit: n, overrides }) => [n, overrides.epochs])).toEqual([
      [600, 100],
      [2000, 30],
    ]);
  });

  it('leaves out what takes a recipe that is not there', () => {
    const named = new Map([mlp, cnn].map(recipe => [recipe.name, recipe]));
    const few = frame(['mlp', 'cnn'], { epochs: 1 }, named);
    const plan = makePlan('quick', few, { questions: ['depth', 'cut', 'convolution'] });
    expect(plan.questions.map(({ id }) => id)).toEqual(['convolution']);
    expect(plan.rows.map(({ id }) => id)).toEqual(['mlp', 'cnn', 'cnn+permuted', 'mlp+permuted']);
  });

  it('is the same plan every time', () => {
    for (const preset of PRESET_NAMES) {
      const make = () => makePlan(preset, frame(FOUR, { limit: 3000, epochs: 10 }), { questions: ['size'] });
      expect(make()).toEqual(make());
    }
  });

  it('compares the MLP with a CNN of as many parameters', () => {
    // The titles of the question and of its contrasts say so.
    const parameters = [mlp, cnn].map(recipe => parametersOf(recipe));
    expect(Math.abs(parameters[0]! / parameters[1]! - 1)).toBeLessThan(0.05);
  });
});

/** Numbers that a network learns, without a device. */
function parametersOf(recipe: Recipe): number {
  const { declarations } = buildRoot(recipe.build(), recipe.inputShape);
  return declarations.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
