import { cacheDir, nodeFiles } from '../platform/node.ts';
import { count, duration } from '../report/format.ts';
import type { FeatureHooks } from '../train/features.ts';
import { log } from './output.ts';
import type { ProgressBar } from './progress.ts';

/** Keeps what frozen parts of networks make of pictures in the user's cache, and says how far it is. */
export function featureHooks(bar: ProgressBar, signal: AbortSignal): FeatureHooks {
  return {
    store: {
      files: nodeFiles,
      folder: cacheDir('features'),
      onDamage: ({ message }) => log(`note: ${message}`),
    },
    signal,
    onCompile: (done, total) => bar.status(`compiling kernels of the frozen part ${done}/${total}`),
    onProgress: ({ done, total, secondsLeft }) =>
      bar.moment(
        `what the frozen part makes of ${count(done)} of ${count(total)} images, ${duration(secondsLeft)} left`,
      ),
  };
}
