import { models, type Recipe, vgg16 } from '../../models/index.ts';
import { POLICY } from './questions.ts';

/**
 * The study's VGG16 as far as it is known (frozen, a dense head, augmentation, 40 epochs), and what else may have been
 * done there: each of the others differs from it in one thing.
 */
const study = { head: 'dense', defaults: { epochs: 40, batch: 128, augmentation: POLICY } } as const;

export const STUDY = vgg16({ ...study, name: 'vgg16-study' });

/** What explains the study's 81 %, and in words what the study's VGG16 has and this one has not. */
export const STUDY_VARIANTS: readonly { readonly recipe: Recipe; readonly lacks: string }[] = [
  {
    recipe: vgg16({ ...study, input: 'unit', name: 'vgg16-study-unit' }),
    lacks: 'preprocessing as on ImageNet, not 0 to 1',
  },
  { recipe: vgg16({ ...study, input: 'bgr', name: 'vgg16-study-bgr' }), lacks: 'centring of the pictures' },
  { recipe: vgg16({ ...study, input: 'rgb-centred', name: 'vgg16-study-rgb' }), lacks: 'blue first' },
  {
    recipe: vgg16({ ...study, resize: 'bilinear', name: 'vgg16-study-stretched' }),
    lacks: 'padding to 32 px, not stretching',
  },
  { recipe: vgg16({ ...study, size: 64, name: 'vgg16-study-64' }), lacks: 'pictures of 32 px, not 64' },
  { recipe: vgg16({ ...study, cut: 4, name: 'vgg16-study-block4' }), lacks: 'block 5' },
  { recipe: vgg16({ ...study, cut: 3, name: 'vgg16-study-block3' }), lacks: 'blocks 4 and 5' },
];

/** Cuts of VGG16 at 64 px; those at 32 px have names of their own everywhere. */
const LARGER = ([1, 2, 3, 4, 5] as const).map(cut => vgg16({ cut, size: 64 }));

/** Each cut with as many values for the head as block 5 has: 512 principal components of the training pictures. */
const PROJECTED = ([1, 2, 3, 4, 5] as const).map(cut => vgg16({ cut, components: 512 }));

/** All that a comparison may train, by name: the models of the command line and these. */
export const COMPARED: ReadonlyMap<string, Recipe> = new Map(
  [...Object.values(models), STUDY, ...STUDY_VARIANTS.map(({ recipe }) => recipe), ...LARGER, ...PROJECTED].map(
    recipe => [recipe.name, recipe],
  ),
);
