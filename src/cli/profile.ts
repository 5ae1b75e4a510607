import { type Command, Option } from 'commander';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { noise } from '../data/noise.ts';
import type { Capabilities } from '../gpu/capabilities.ts';
import type { DispatchNote } from '../gpu/dispatch.ts';
import { hostTime, timeRuns } from '../gpu/profile.ts';
import type { Shape } from '../kernels/spec.ts';
import { models } from '../models/index.ts';
import { Model } from '../nn/index.ts';
import { UsageError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import type { MemoryPlan } from '../tensor/plan.ts';
import { type ProfileLine, withSpeeds } from '../tensor/step-profile.ts';
import { TrainStep } from '../train/step.ts';
import { openEngine } from './open-engine.ts';
import { type AllowOptions, allowOption, example, type GlobalOptions, jsonOption, tuneOption } from './options.ts';
import { print, printJson } from './output.ts';
import { fromTyped, recipeOf, wholeFrom } from './parse.ts';
import { describePlan, describeProfile } from './profile-text.ts';
import { ProgressBar } from './progress.ts';
import { reportStartup } from './startup.ts';

/** What `weft profile --plan --json` prints: one training step before anything of it has run. */
export interface StepReport<D extends DispatchNote = DispatchNote> {
  model: string;
  inputShape: Shape;
  batch: number;
  parameters: number;
  /** Of them, those that the step trains. */
  trained: number;
  /** Planned as for a GPU without subgroups. */
  unsliced: boolean;
  adapter: { device: string; driver: string; software: boolean };
  /** Dispatches that run once, before the first step: kernels of a frozen net laid out anew. */
  prepared: number;
  dispatches: D[];
  /** Floating-point operations of a step. */
  flops: number;
  /** Bytes of the step's intermediates as planned, and the largest sum of those alive at once: no plan takes less. */
  memory: { peak: number; live: number };
}

/** What `weft profile --json` prints. */
export interface Profile extends StepReport<ProfileLine> {
  /** Milliseconds: all dispatches, each in a pass of its own, and the same step as training runs it. */
  sum: number;
  step: number;
  /** Milliseconds of the main thread until a step has been handed to the device. */
  host: number;
  repeats: number;
  /** Bytes on the device, with parameters, optimizer and images. */
  deviceBytes: number;
}

interface ProfileOptions extends GlobalOptions, AllowOptions {
  batch?: number;
  size?: number;
  freeze?: string[];
  repeats?: number;
  unsliced?: boolean;
  plan?: boolean;
  startup?: boolean;
  ownStart?: boolean;
  json?: boolean;
}

const REPEATS = 5;
/** Milliseconds that the unprofiled steps may take together. */
const PATIENCE = 20_000;
/** Pictures that the batch is gathered from. */
const PICTURES = 64;

/** What a GPU whose kernels need no subgroups looks like: fewer, fatter dispatches. They run here all the same. */
const LIKE_A_GPU: Partial<Capabilities> = { software: false, subgroupSize: 0 };

export function register(program: Command): void {
  const command = program
    .command('profile')
    .description('list the dispatches of one training step with their times')
    .argument('<model>', `one of ${Object.keys(models).join(', ')}`)
    .option('--batch <n>', 'images in a step', wholeFrom(1))
    .option('--size <n>', 'rows and columns of an image (default: those that the model was made for)', wholeFrom(1))
    .option('--freeze <layers...>', 'do not train these layers, named as in the summary, and what is inside them')
    .option('--plan', 'print dispatches and memory of the step without running it')
    .option(
      '--repeats <n>',
      `rounds, of which the median counts (default: ${REPEATS}, fewer of a slow step)`,
      wholeFrom(1),
    )
    .option('--startup', 'time the way to the first step instead, with an empty and with a full cache of the driver')
    .addOption(new Option('--own-start', 'the same for this process, as JSON').hideHelp())
    .option('--unsliced', 'plan as for a GPU, where dispatches are dear, and not for this adapter');
  example(
    jsonOption(allowOption(tuneOption(command))),
    'weft profile cnn',
    'weft profile cnn --unsliced --json',
    'weft profile vgg16-plain --plan --size 64 --batch 1024 --freeze base.block1 base.block2',
  );
  command.action(async (name: string) => {
    const options = command.optsWithGlobals<ProfileOptions>();
    if (options.startup || options.ownStart) {
      const other = (['plan', 'size', 'freeze', 'repeats', 'unsliced'] as const).find(key => options[key]);
      if (other)
        throw new UsageError(`--${other}: --startup times the model as it is trained; leave one of the two out`);
      return await reportStartup(recipeOf(name), options);
    }
    if (options.plan && options.repeats !== undefined) throw new UsageError('--repeats: with --plan nothing is run');
    if (options.plan) {
      const report = await withStep(name, options, async step => step.report);
      if (options.json) printJson(report);
      else print(describePlan(report));
    } else {
      const profile = await measure(name, options);
      if (options.json) printJson(profile);
      else print(describeProfile(profile));
    }
  });
}

/** What is to be looked at: a model and its data, and what its step comes to. */
interface Subject {
  readonly engine: Engine;
  readonly report: StepReport;
  compile(progress: (done: number, total: number) => void): Promise<TrainStep>;
}

async function withStep<T>(name: string, options: ProfileOptions, use: (subject: Subject) => Promise<T>): Promise<T> {
  const recipe = recipeOf(name);
  const { unsliced = false, freeze = [] } = options;
  const batch = options.batch ?? recipe.defaults.batch;
  const [height, width, channels] = recipe.inputShape as [number, number, number];
  const inputShape = [options.size ?? height, options.size ?? width, channels];
  using engine = await openEngine(options, { allow: options.allow ?? [], ...(unsliced && { caps: LIKE_A_GPU }) });
  using model = new Model(engine, recipe.build(), { name, inputShape, seed: 1 });
  fromTyped(() => {
    for (const layer of freeze) model.parameters.configure(layer, { trainable: false });
  });
  using data = new GpuDataset(engine, noise(inputShape, Math.min(batch, PICTURES)));
  const training = { ...recipe.defaults, batch, seed: 1 };
  const plan = TrainStep.plan(model, data, training)[0]!;
  const trained = model.parameters.segments.reduce((sum, { trainable, size }) => sum + (trainable ? size : 0), 0);
  const { device, description, software } = engine.gpu.device.info;
  const report: StepReport = {
    ...{ model: name, inputShape, batch, parameters: model.parameters.count, trained, unsliced },
    adapter: { device, driver: description, software },
    prepared: plan.prepared.length,
    dispatches: [...plan.dispatches],
    flops: plan.dispatches.reduce((sum, { flops }) => sum + flops, 0),
    memory: bytesOf(plan.memory),
  };
  return await use({ engine, report, compile: progress => TrainStep.compile(model, data, training, progress) });
}

const bytesOf = ({ peakBytes, liveBytes }: MemoryPlan) => ({ peak: peakBytes, live: liveBytes });

async function measure(name: string, options: ProfileOptions): Promise<Profile> {
  const bar = new ProgressBar();
  try {
    return await withStep(name, options, async ({ engine, report, compile }) => {
      const { device } = engine.gpu;
      using step = await compile((done, total) => bar.status(`compiling kernels ${done}/${total}`));
      bar.status('measuring');
      const { batch } = report;
      const indices = Uint32Array.from({ length: batch }, (_, i) => i % PICTURES);
      let count = 0;
      const run = () => step.run(indices, batch, ++count, 1e-3);
      // The first one meets cold caches, but tells how many there is time for.
      const first = await timeRuns(device, run, 1);
      const repeats = options.repeats ?? Math.min(REPEATS, Math.max(1, Math.floor(PATIENCE / first)));
      const stepTime = await timeRuns(device, run, repeats);
      const host = await hostTime(device, run, repeats);
      const dispatches = await step.compiled[0]!.profile(repeats);
      const sum = dispatches.reduce((total, { milliseconds }) => total + milliseconds, 0);
      const deviceBytes = device.buffers.stats.liveBytes;
      return {
        ...{ ...report, dispatches: withSpeeds(dispatches) },
        ...{ sum, step: stepTime, host, repeats, deviceBytes },
      };
    });
  } finally {
    bar.clear();
  }
}
