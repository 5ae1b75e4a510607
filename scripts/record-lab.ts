/**
 * Makes what the lab brings with it, in lab/assets: `npm run lab:record -- runs/cnn-seed1`, a finished run of `weft train cnn`.
 *
 *     cnn.safetensors        the weights of that run, as halves
 *     recorded.safetensors   a training of the lab's small network on the page's pictures: see `recordTraining`
 */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { offers } from '../lab/worker/recipes.ts';
import { labPictures } from '../src/cli/lab/site.ts';
import { findDataSet } from '../src/data/find.ts';
import { unpackPictures } from '../src/data/packed.ts';
import {
  Engine,
  GpuDataset,
  Model,
  RunFolder,
  readSafetensors,
  TrainingSession,
  writeSafetensors,
} from '../src/index.ts';
import { nodeDataPlaces, nodeFiles, openGpu } from '../src/platform/node.ts';
import { recordTraining } from '../src/study/index.ts';

const EPOCHS = 5;
const SEED = 1;
/** Bytes of the recording at most: what is in the repository is cloned by everybody. */
const BUDGET = 160_000;

const out = fileURLToPath(new URL('../lab/assets', import.meta.url));
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('Usage: npm run lab:record -- RUN, the folder of a finished run of weft train cnn\n');
  process.exit(2);
}

await nodeFiles.write(`${out}/cnn.safetensors`, await packRun(folder));
await nodeFiles.write(`${out}/recorded.safetensors`, await record());

/** A run's weights as halves, with what it reached. */
async function packRun(path: string): Promise<Uint8Array> {
  const run = new RunFolder(nodeFiles, path);
  const [config, history] = [await run.readConfig(), await run.readMetrics()];
  if (config.model.name !== 'cnn') throw new Error(`${path}: a run of '${config.model.name}', not of cnn`);
  const { tensors, metadata } = readSafetensors(await run.readModel(), path);
  const halves = Array.from(
    tensors,
    ([name, { shape, data }]) => [name, { shape, data: data as Float32Array, half: true }] as const,
  );
  const { epochs, seed } = config.training;
  const valAccuracy = history[history.length - 1]?.valAccuracy;
  return writeSafetensors(Object.fromEntries(halves), {
    ...metadata,
    epochs: String(epochs),
    seed: String(seed),
    train: String(config.data.train),
    ...(valAccuracy !== undefined && { valAccuracy: String(valAccuracy) }),
  });
}

async function record(): Promise<Uint8Array> {
  const { config, training } = offers[0]!;
  const { data: images, split } = await unpackPictures(labPictures(await findDataSet(nodeDataPlaces())), 'pictures');
  using engine = await Engine.open(await openGpu());
  using data = new GpuDataset(engine, images);
  using model = Model.fromJSON(engine, config, { seed: SEED });
  const options = { ...training, epochs: EPOCHS, schedule: 'constant', seed: SEED } as const;
  using session = await TrainingSession.create(model, { data, ...split }, { training: options });
  const { stepsPerEpoch } = session.position;
  const { optimizer, batch, learningRate } = training;
  const numbers = Object.entries({ batch, learningRate, seed: SEED, stepsPerEpoch });
  const about = {
    adapter: engine.gpu.device.info.description,
    created: new Date().toISOString(),
    data: images.name,
    optimizer,
    ...Object.fromEntries(numbers.map(([name, value]) => [name, String(value)])),
  };
  return await recordTraining(session, { steps: EPOCHS * stepsPerEpoch, about, budget: BUDGET });
}
