import type { FigureBeside } from './types.ts';

const SOURCE = 'the study that the preset seed reconstructs; of it only these figures and settings are known';

/** What this project set out to repeat. */
export const ORIGINAL_STUDY: readonly FigureBeside[] = [
  { title: 'CNN', accuracy: 0.91, setting: 'after 10 epochs', source: SOURCE, testWasValidation: true },
  {
    title: 'VGG16, frozen, dense head, augmented',
    accuracy: 0.81,
    setting: 'after 40 epochs',
    source: SOURCE,
    testWasValidation: true,
  },
];

/** The best that this repository has trained on all images: what a comparison on few images leaves open. */
export const SHIPPED_RESULTS: readonly FigureBeside[] = [
  {
    title: 'cnn-best',
    accuracy: 0.928,
    setting: 'all 60,000 images, 5 epochs, one seed; llvmpipe, two cores',
    source: 'docs/results.md: weft train cnn-best --full --seed 1 --epochs 5',
    testWasValidation: false,
  },
];
