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
