/** weft as a contender: its kernels and its training step as a program uses them. */
import { weftVersion } from '../../src/cli/package-json.ts';
import type { ImageData8 } from '../../src/data/dataset.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { tableKey } from '../../src/kernels/choose.ts';
import { maxPool2dKernel } from '../../src/kernels/max-pool2d.ts';
import { kernels } from '../../src/kernels/registry.ts';
import type { KernelSpec, Params, Trade } from '../../src/kernels/spec.ts';
import { layerFromJSON, Model } from '../../src/nn/index.ts';
import type { LayerConfig } from '../../src/nn/layer.ts';
import { openGpu } from '../../src/platform/node.ts';
import type { GpuSource } from '../../src/platform/platform.ts';
import { type CompiledStep, compile } from '../../src/tensor/compile.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { tune } from '../../src/tensor/tuner.ts';
import { TrainStep } from '../../src/train/step.ts';
import { WEIGHTS, withoutDropout } from '../inputs.ts';
import { ADAM, COMPARED, kernelCall } from '../kernels.ts';
import { resting } from './dawn.ts';
import { CHECKED_STEPS, type Outputs, type Peer, type Prepared, type Task, Unsupported } from './peer.ts';

/** How weft chooses its kernels: by the tables that ship with it, by its estimates alone, or by measuring here and now. */
export type Choice = 'shipped' | 'estimated' | 'tuned';

/** @param trade only what gives this up for speed; else nothing is given up. */
export async function openWeft(adapter: string | undefined, choice: Choice, trade?: Trade): Promise<Peer> {
  const source = await openGpu(adapter === undefined ? {} : { adapter });
  const options = { ...(choice === 'estimated' && { tuned: [] }), ...(trade && { allow: [trade] }) };
  return new WeftPeer(source, await Engine.open(source, options), choice, trade);
}

/** No call of a network is begun to be measured after so many seconds. */
const TUNE_SECONDS = 15;

/** A compiled piece of work with what it reads and returns. */
interface Built extends Disposable {
  readonly steps: readonly CompiledStep<unknown>[];
  call(): Promise<void>;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

class WeftPeer implements Peer {
  readonly version: string;
  readonly device: string;

  constructor(
    private readonly source: GpuSource,
    private readonly engine: Engine,
    private readonly choice: Choice,
    private readonly trade: Trade | undefined,
  ) {
    this.version = weftVersion();
    this.device = engine.gpu.device.info.device;
  }

  resting<T>(fn: () => Promise<T>): Promise<T> {
    // The device rests by itself; this covers only what is compiled in between.
    return resting(this.source, fn);
  }

  deviceBytes(): number {
    return this.engine.gpu.device.buffers.stats.liveBytes;
  }

  async check(task: Task): Promise<Outputs> {
    await this.tuneFor(task);
    if (isTraining(task)) {
      using training = await this.training({ ...task, network: withoutDropout(task.network!) });
      const losses: number[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) {
        await training.call();
        losses.push(await training.loss());
      }
      return { losses: Float32Array.from(losses) };
    }
    using built = await this.build(task);
    await built.call();
    const values: Record<string, Float32Array> = {};
    for (const name of COMPARED[task.work.op]!) {
      const all = (await built.outputs[name]!.data()) as Float32Array;
      // Flat buffers are padded to whole blocks.
      values[name] = all.subarray(0, task.inputs[name]?.data.length ?? all.length);
    }
    return values;
  }

  /** Measures the kernels of this work, and pins what was found to be the fastest. */
  private async tuneFor(task: Task): Promise<void> {
    if (this.choice !== 'tuned') return;
    const { engine } = this;
    const { chooser } = engine.gpu;
    chooser.calls.clear();
    const trial = isTraining(task) ? await this.training(task) : await this.build(task);
    trial[Symbol.dispose]();
    const { calls } = await tune(engine, [...chooser.calls.values()], { budgetSeconds: TUNE_SECONDS });
    for (const { key, row } of calls) chooser.table[key] = row.variant;
  }

  async prepare(task: Task): Promise<Prepared> {
    const { device } = this.engine.gpu;
    const built = isTraining(task) ? await this.training(task) : await this.build(task);
    const work = built.steps.flatMap(step => step.work);
    const traded = this.tradedIn(work.map(({ dispatch }) => dispatch.note));
    const variants = new Set(work.map(({ dispatch }) => dispatch.note.variant));
    return {
      how: kernelCall(task.work) ? [...variants].join(' + ') : `${work.length} dispatches`,
      ...traded,
      call: () => built.call(),
      finish: () => device.finish(),
      read: async () => {
        if ('loss' in built) await built.loss();
        else await Object.values(built.outputs)[0]!.data();
      },
      dispose: () => built[Symbol.dispose](),
    };
  }

  /** @throws Unsupported when nothing was given up, since the row would be weft's own once more. */
  private tradedIn(notes: readonly { readonly kernel: string; readonly variant: string }[]): { traded?: Trade } {
    if (!this.trade) return {};
    if (notes.some(note => this.isTraded(note))) return { traded: this.trade };
    throw new Unsupported(`no kernel of this work has a variant with ${this.trade}`);
  }

  private isTraded({ kernel, variant }: { kernel: string; variant: string }): boolean {
    const spec = kernels.find(({ name }) => name === kernel);
    return spec?.variants.find(({ name }) => name === variant)?.trades === this.trade;
  }

  private async build(task: Task): Promise<Built> {
    return task.work.op === 'forward' ? await this.forward(task) : await this.kernel(task);
  }

  /** One kernel on its inputs; outputs are read from it after a run. */
  private async kernel({ work, inputs }: Task): Promise<Built> {
    const { engine } = this;
    const { spec, p } = kernelCall(work)!;
    this.force(spec, p);
    const own: Tensor[] = [];
    const given: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      const shape = tensor.shape(p);
      if (!shape || tensor.role === 'out') continue;
      const { dtype = 'f32' } = tensor;
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
      if (name === 'segments') values.fill(1);
      else if (inputs[name]) values.set(inputs[name].data);
      given[name] = engine.keep(engine.tensor(values, shape, dtype, name));
      own.push(given[name]);
    }
    if (work.op === 'max_pool2d_grad') {
      given.taps!.dispose();
      const { x } = inputs;
      using pictures = engine.keep(engine.tensor(x!.data, x!.shape));
      const { y, taps } = engine.run(maxPool2dKernel, { ...p, taps: 1 } as never, { x: pictures });
      given.taps = engine.keep(taps!);
      own.push(given.taps);
      await engine.gpu.flush();
      y!.dispose();
    }
    const step = await compile(engine, () => engine.run(spec, p, given));
    return {
      steps: [step],
      call: () => step.run({ step: 1, learningRate: ADAM.learningRate }),
      outputs: { ...given, ...(step.result as Record<string, Tensor>) },
      [Symbol.dispose]: () => {
        step[Symbol.dispose]();
        for (const tensor of own) tensor.dispose();
      },
    };
  }

  /** Pins the variant that gives something up, where the kernel has one. */
  private force(spec: KernelSpec, p: Params): void {
    if (!this.trade) return;
    const { caps, gpu } = this.engine;
    const fits = spec.variants.filter(({ trades, supports }) => trades === this.trade && supports(p, caps));
    if (fits.length === 0) throw new Unsupported(`no variant with ${this.trade} computes this here`);
    const best = fits.reduce((a, b) => (b.speed(p, caps) > a.speed(p, caps) ? b : a));
    gpu.chooser.table[tableKey(spec, p)] = best.name;
  }

  private model({ inputs, network }: Task): Model {
    const [, ...inputShape] = inputs.images!.shape;
    const model = new Model(this.engine, layerFromJSON(network!.layers as LayerConfig), { inputShape, seed: 1 });
    for (const { name } of model.parameters.segments) model.parameters.get(name).write(inputs[WEIGHTS + name]!.data);
    return model;
  }

  private async forward(task: Task): Promise<Built> {
    const { engine } = this;
    const model = this.model(task);
    const { images } = task.inputs;
    const x = engine.keep(engine.tensor(images!.data, images!.shape, 'f32', 'images'));
    const step = await compile(engine, () => engine.noGrad(() => model.forward(x)));
    return {
      steps: [step],
      call: () => step.run(),
      outputs: { output: step.result as Tensor },
      [Symbol.dispose]: () => {
        step[Symbol.dispose]();
        x.dispose();
        model[Symbol.dispose]();
      },
    };
  }

  /** A training step as `weft train` runs it: the batch is gathered from bytes on the device. */
  private async training(task: Task) {
    const { engine } = this;
    const { name, learningRate, momentum } = task.network!.optimizer;
    const pictures = asBytes(task);
    const model = this.model(task);
    const data = new GpuDataset(engine, pictures);
    const options = {
      ...{ batch: pictures.count, seed: 1, epochs: 1, optimizer: name, learningRate, schedule: 'constant' as const },
      ...(name === 'sgd' && { momentum }),
    };
    const step = await TrainStep.compile(model, data, options);
    const indices = Uint32Array.from({ length: pictures.count }, (_, i) => i);
    let count = 0;
    return {
      steps: step.compiled,
      call: () => step.run(indices, pictures.count, ++count, learningRate),
      loss: async () => {
        const { loss } = await step.totals();
        step.resetTotals();
        return loss;
      },
      [Symbol.dispose]: () => {
        step[Symbol.dispose]();
        data[Symbol.dispose]();
        model[Symbol.dispose]();
      },
    };
  }
}

const isTraining = ({ work }: Task) => work.op !== 'forward' && kernelCall(work) === undefined;

function asBytes({ inputs: { images, labels } }: Task): ImageData8 {
  const [count, height, width, channels] = images!.shape as [number, number, number, number];
  return {
    ...{ count, height, width, channels, name: 'noise', sha256: '' },
    classes: Array.from({ length: 10 }, (_, k) => String(k)),
    images: Uint8Array.from(images!.data, value => Math.round(value * 255)),
    labels: Uint8Array.from(labels!.data),
  };
}
