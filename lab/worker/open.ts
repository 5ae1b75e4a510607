/** Networks with numbers: those that the lab brings with it, and files of the reader's. */
import type { SiteDescription } from '../../src/cli/lab/site.ts';
import { type EpochMetrics, type RunConfig, RunFolder, readSafetensors, ValueError } from '../../src/index.ts';
import { browserFiles } from '../../src/platform/browser.ts';
import { readRecording } from '../../src/study/index.ts';
import { decodeSession } from '../../src/train/session-file.ts';
import type { TrainingSettings } from '../network.ts';
import type { Events } from '../protocol.ts';
import type { Lab } from './lab.ts';
import { offers } from './recipes.ts';

const [TRAINED, RECORDED] = ['assets/cnn.safetensors', 'assets/recorded.safetensors'];

/** What the site says of itself, as src/cli/lab/site.ts puts it. */
export async function describeSite(): Promise<SiteDescription> {
  return JSON.parse(new TextDecoder().decode(await browserFiles.read('site.json')));
}

/** The CNN that `npm run lab:record` took from a finished run. */
export async function readTrained() {
  const { config, training } = offers.find(({ name }) => name === 'cnn')!;
  return { network: { config, training, seed: 1 }, bytes: await browserFiles.read(TRAINED), where: TRAINED };
}

export async function openTrained(lab: Lab): Promise<void> {
  const { network, bytes, where } = await readTrained();
  await lab.setModel(network, { weights: { bytes, where, brought: true } });
}

export async function openRecorded(lab: Lab): Promise<void> {
  const recorded = readRecording(await browserFiles.read(RECORDED), RECORDED);
  const { optimizer, batch, learningRate, seed } = recorded.about;
  const training = {
    optimizer: optimizer as TrainingSettings['optimizer'],
    batch: Number(batch),
    learningRate: Number(learningRate),
  };
  await lab.setModel({ config: recorded.model, training, seed: Number(seed) }, { recorded });
}

/** @throws FileError when it is neither, or does not fit. */
export async function openFile(lab: Lab, bytes: Uint8Array, where: string): Promise<void> {
  if (readSafetensors(bytes, where).metadata.format?.startsWith('weft session')) {
    const { model: config, training } = (await decodeSession(bytes, where)).about;
    await lab.setModel({ config, training, seed: training.seed }, { saved: bytes });
    return;
  }
  const { model } = lab.state;
  if (!model) throw new ValueError('weights need a network that they fit; choose one first');
  await lab.setModel(model.network, { weights: { bytes, where } });
}

/** Milliseconds between two looks at a run that may be under way. */
const LOOK_EVERY = 5000;

/** The run that `weft lab --run` was given: its model and its curves, also as they grow. @throws FileError */
export async function openRun(lab: Lab): Promise<void> {
  const run = new RunFolder(browserFiles, 'run');
  const config = await run.readConfig();
  const metrics = await run.readMetrics();
  await showRun(lab, config, metrics, await run.readModel());
  const { model: shown } = lab.state;
  const timer = setInterval(async () => {
    const now = await run.readMetrics().catch(() => metrics);
    // Another model, or training that was gone on with here, is no longer the run.
    if (lab.state.model !== shown || lab.state.training?.head) clearInterval(timer);
    else if (now.length > metrics.length) {
      clearInterval(timer);
      await lab.turns.take(() => openRun(lab));
    }
  }, LOOK_EVERY);
}

async function showRun(
  lab: Lab,
  config: RunConfig,
  metrics: readonly EpochMetrics[],
  bytes: Uint8Array,
): Promise<void> {
  const { model, training, data } = config;
  const network = { config: model, training, seed: training.seed };
  await lab.setModel(network, { weights: { bytes, where: 'run' }, isRun: true });
  const stepsPerEpoch = Math.ceil(data.train / training.batch);
  const history: Events['history'] = {
    moments: metrics.map(({ epoch, loss, accuracy }) => ({ step: epoch * stepsPerEpoch, loss, accuracy })),
    judged: metrics.flatMap(({ epoch, valLoss: loss, valAccuracy: accuracy }) =>
      loss === undefined || accuracy === undefined
        ? []
        : [{ step: epoch * stepsPerEpoch, loss, accuracy, confusion: [] }],
    ),
  };
  lab.emit('history', history);
}
