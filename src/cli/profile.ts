import type { Command } from 'commander';
import type { ImageData8 } from '../data/dataset.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import type { Capabilities } from '../gpu/capabilities.ts';
import { median } from '../gpu/profile.ts';
import { Sampler } from '../kernels/sampler.ts';
import { models, type Recipe } from '../models/index.ts';
import { Model } from '../nn/index.ts';
import type { ProfiledDispatch } from '../tensor/compile.ts';
import type { Engine } from '../tensor/engine.ts';
import { TrainStep } from '../train/step.ts';
import { openEngine } from './open-engine.ts';
import { example, type GlobalOptions, jsonOption } from './options.ts';
import { formatBytes, print, printJson, table } from './output.ts';
import { recipeOf, wholeFrom } from './parse.ts';
import { ProgressBar } from './progress.ts';

/** One dispatch of the step, with its share of the sum. */
export interface ProfileLine extends ProfiledDispatch {
  /** Of the whole call, where a call takes several dispatches (slices, a second pass): work is counted by the call. */
  readonly gflopsPerSecond: number;
  readonly gigabytesPerSecond: number;
  /** Of the sum of all dispatches, 0 to 1. */
  readonly share: number;
}

/** What `weft profile --json` prints. */
export interface Profile {
  model: string;
  batch: number;
  parameters: number;
  /** Planned as for a GPU without subgroups. */
  unsliced: boolean;
  adapter: { device: string; driver: string; software: boolean };
  dispatches: ProfileLine[];
  /** Milliseconds: all dispatches, each in a pass of its own, and the same step as training runs it. */
  sum: number;
  step: number;
  repeats: number;
  memory: {
    /** Bytes of the step's intermediates as planned, and the largest sum of those alive at once: no plan takes less. */
    peak: number;
    live: number;
    /** Everything on the device, with parameters, optimizer and images. */
    device: number;
  };
}

interface ProfileOptions extends GlobalOptions {
  batch?: number;
  repeats?: number;
  unsliced?: boolean;
  json?: boolean;
}

const REPEATS = 5;
/** Milliseconds that the unprofiled steps may take together. */
const PATIENCE = 20_000;

/** What a GPU whose kernels need no subgroups looks like: fewer, fatter dispatches. They run here all the same. */
const LIKE_A_GPU: Partial<Capabilities> = { software: false, subgroupSize: 0 };

export function register(program: Command): void {
  const command = program
    .command('profile')
    .description('list the dispatches of one training step with their times')
    .argument('<model>', `one of ${Object.keys(models).join(', ')}`)
    .option('--batch <n>', 'images in a step', wholeFrom(1))
    .option(
      '--repeats <n>',
      `rounds, of which the median counts (default: ${REPEATS}, fewer of a slow step)`,
      wholeFrom(1),
    )
    .option('--unsliced', 'plan as for a GPU, where dispatches are dear, and not for this adapter');
  example(jsonOption(command), 'weft profile cnn', 'weft profile cnn --unsliced --json');
  command.action(async (name: string) => {
    const options = command.optsWithGlobals<ProfileOptions>();
    const profile = await measure(name, options);
    if (options.json) printJson(profile);
    else print(describe(profile));
  });
}

async function measure(name: string, options: ProfileOptions): Promise<Profile> {
  const recipe = recipeOf(name);
  const { unsliced = false } = options;
  const batch = options.batch ?? recipe.defaults.batch;
  using engine = await openEngine(options, unsliced ? { caps: LIKE_A_GPU } : {});
  using data = new GpuDataset(engine, noise(recipe, batch));
  using model = new Model(engine, recipe.build(), { name, inputShape: recipe.inputShape, seed: 1 });
  const bar = new ProgressBar();
  try {
    const onCompile = (done: number, total: number) => bar.status(`compiling kernels ${done}/${total}`);
    using step = await TrainStep.compile(model, data, { ...recipe.defaults, batch, seed: 1 }, onCompile);
    bar.status('measuring');
    const { memory } = step.compiled[0]!;
    // The first one meets cold caches, but tells how many there is time for.
    const first = await timeStep(engine, step, batch, 1);
    const repeats = options.repeats ?? Math.min(REPEATS, Math.max(1, Math.floor(PATIENCE / first)));
    const stepTime = await timeStep(engine, step, batch, repeats);
    const dispatches = await step.compiled[0]!.profile(repeats);
    const sum = dispatches.reduce((total, { milliseconds }) => total + milliseconds, 0);
    const { device, description, software } = engine.gpu.device.info;
    return {
      ...{ model: name, batch, parameters: model.parameters.count, unsliced },
      adapter: { device, driver: description, software },
      dispatches: withSpeeds(dispatches, sum),
      ...{ sum, step: stepTime, repeats },
      memory: { peak: memory.peakBytes, live: memory.liveBytes, device: engine.gpu.device.buffers.stats.liveBytes },
    };
  } finally {
    bar.clear();
  }
}

/** Neighbours of one kernel, variant and shape are one call. */
function withSpeeds(dispatches: readonly ProfiledDispatch[], sum: number): ProfileLine[] {
  const same = (a: ProfiledDispatch, b: ProfiledDispatch) =>
    a.kernel === b.kernel && a.variant === b.variant && a.shape === b.shape;
  const calls: ProfiledDispatch[][] = [];
  for (const dispatch of dispatches) {
    const call = calls[calls.length - 1];
    if (call && same(call[0]!, dispatch)) call.push(dispatch);
    else calls.push([dispatch]);
  }
  return calls.flatMap(call => {
    const total = (of: 'flops' | 'bytes' | 'milliseconds') => call.reduce((all, dispatch) => all + dispatch[of], 0);
    const speed = (of: 'flops' | 'bytes') => total(of) / total('milliseconds') / 1e6;
    const speeds = { gflopsPerSecond: speed('flops'), gigabytesPerSecond: speed('bytes') };
    return call.map(dispatch => ({ ...dispatch, ...speeds, share: dispatch.milliseconds / sum }));
  });
}

/** Milliseconds of a step as training runs it, from submission to the end: the median. */
async function timeStep(engine: Engine, step: TrainStep, batch: number, repeats: number): Promise<number> {
  const indices = Uint32Array.from({ length: batch }, (_, i) => i);
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    await engine.gpu.device.finish();
    const start = performance.now();
    await step.run(indices, batch, i + 1, 1e-3);
    await engine.gpu.device.finish();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Images that need no data set: what a step costs does not depend on what they show. */
function noise({ inputShape }: Recipe, count: number): ImageData8 {
  const [height, width, channels] = inputShape as [number, number, number];
  const random = new Sampler(1);
  const bytes = (length: number, top: number) => Uint8Array.from({ length }, () => random.int(0, top));
  const classes = Array.from({ length: 10 }, (_, k) => String(k));
  return {
    ...{ images: bytes(count * height * width * channels, 255), labels: bytes(count, 9) },
    ...{ count, height, width, channels, classes, name: 'noise', sha256: '' },
  };
}

function describe(profile: Profile): string {
  const { model, batch, adapter, dispatches, sum, step, repeats, memory, unsliced } = profile;
  const right = (title: string) => ({ title, align: 'right' as const });
  const number = (value: number) => (Number.isFinite(value) && value > 0 ? value.toPrecision(3) : '');
  return [
    `${model}, batch ${batch}, on ${adapter.device} (${adapter.driver})${unsliced ? ', planned as for a GPU' : ''}`,
    table(
      [
        right('#'),
        { title: 'kernel' },
        { title: 'variant' },
        { title: 'shape' },
        right('ms'),
        right('GFLOP/s'),
        right('GB/s'),
        right('share'),
      ],
      dispatches.map((d, i) => [
        ...[String(i + 1), d.kernel, d.variant, shorten(d.shape), d.milliseconds.toFixed(3)],
        ...[number(d.gflopsPerSecond), number(d.gigabytesPerSecond), `${(100 * d.share).toFixed(1)} %`],
      ]),
    ),
    `${dispatches.length} dispatches, ${sum.toFixed(2)} ms one by one; the step as training runs it: ${step.toFixed(2)} ms (medians of ${repeats})`,
    `intermediates: ${formatBytes(memory.peak)} planned, ${formatBytes(memory.live)} alive at once; all on the device: ${formatBytes(memory.device)}`,
  ].join('\n');
}

/** The parameters that differ from 0 and 1 say what a call is; --json has all. */
function shorten(shape: string): string {
  const parts = shape.split(' ').filter(part => !/=[01]$/.test(part));
  const text = parts.join(' ');
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
