/** What runs in the browser: the training, called by the test through `globalThis.trainInPage`. */
import { openGpu } from '../../src/browser.ts';
import { Engine } from '../../src/index.ts';
import { type Outcome, trainSmallCnn } from './training.ts';

declare global {
  var trainInPage: () => Promise<Outcome>;
}

globalThis.trainInPage = async () => {
  using engine = await Engine.open(await openGpu());
  return await trainSmallCnn(engine);
};
