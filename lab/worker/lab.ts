import type { PackedPictures } from '../../src/data/packed.ts';
import { describeAdapter } from '../../src/gpu/capabilities.ts';
import { AdapterError, Engine, Model, ValueError } from '../../src/index.ts';
import { openGpu } from '../../src/platform/browser.ts';
import type { Network } from '../network.ts';
import type { ChosenImage, Events, LabState, ModelState } from '../protocol.ts';
import { describeNetwork, toLayer } from './architecture.ts';
import { Canvases } from './canvases.ts';
import { CanvasPainter } from './draw/canvas-painter.ts';
import { GpuPainter } from './draw/gpu-painter.ts';
import type { Painter } from './draw/painter.ts';
import { Pictures } from './pictures.ts';
import { Probe } from './probe.ts';
import { type Saved, Training } from './training.ts';
import { Turns } from './turns.ts';

/** A longer submission would hold up the frames of the page: about 30 ms of a processor that plays the GPU. */
const FLOPS_PER_SUBMIT = { software: 5e7, gpu: 2e10 };

/** What lives on one device, and goes with it. */
interface Bench extends Disposable {
  readonly engine: Engine;
  readonly trains: boolean;
  readonly painter: Painter;
  readonly pictures: Pictures;
}

/** What lives as long as a model does. */
interface Subject extends Disposable {
  readonly model: Model;
  readonly probe: Probe;
  readonly training: Training | undefined;
}

/**
 * The lab's one engine and everything that is shared between the tabs: the pictures, the model, its training, what is chosen.
 * Handlers reach all of it from here.
 */
export class Lab {
  readonly turns = new Turns();
  readonly canvases = new Canvases();
  state: LabState = {
    engine: { status: 'starting' },
    data: undefined,
    model: undefined,
    training: undefined,
    image: undefined,
    layer: undefined,
  };
  private packed: PackedPictures | undefined;
  private benchNow: Bench | undefined;
  private subjectNow: Subject | undefined;
  /** The values of a picture of the reader's own. */
  private ownPixels: Float32Array | undefined;

  constructor(readonly emit: <N extends keyof Events>(name: N, value: Events[N]) => void) {}

  /** Changes part of the state and tells the page. */
  update(change: Partial<LabState>): void {
    this.state = { ...this.state, ...change };
    this.emit('state', this.state);
  }

  /** The device with what lives on it. @throws AdapterError while there is none. */
  get bench(): Bench {
    if (this.benchNow) return this.benchNow;
    throw new AdapterError('the lab has no device at the moment; wait until it says that it is ready');
  }

  /** The model that everything is about. @throws ValueError while there is none. */
  get subject(): Subject {
    if (this.subjectNow) return this.subjectNow;
    throw new ValueError('there is no model yet; choose or build one first');
  }

  get model(): Model {
    return this.subject.model;
  }

  /** @throws AdapterError where nothing can be trained. */
  get training(): Training {
    const { training } = this.subject;
    if (training) return training;
    throw new AdapterError('training needs WebGPU, which this browser does not give');
  }

  /** Opens a device, or the reference engine where there is none, and puts the pictures on it. */
  async open(packed: PackedPictures): Promise<void> {
    this.packed = packed;
    const { name, classes, height, width, channels } = packed.data;
    const { train, validation } = packed.split;
    const data = { name, classes, imageShape: [height, width, channels] };
    this.update({ data: { ...data, train: train.length, validation: validation.length } });
    try {
      const source = await openGpu();
      const { software } = describeAdapter(await source.requestAdapter());
      const engine = await Engine.open(source, {
        flopsPerSubmit: software ? FLOPS_PER_SUBMIT.software : FLOPS_PER_SUBMIT.gpu,
      });
      this.watch(engine);
      this.lay(engine, true, new GpuPainter(engine));
      const { info } = engine.gpu.device;
      const adapter = info.description || info.device || [info.vendor, info.architecture].filter(Boolean).join(' ');
      this.update({ engine: { status: 'ready', adapter, software: info.software } });
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      this.lay(Engine.reference(), false, new CanvasPainter());
      this.update({ engine: { status: 'missing', reason: error.message } });
    }
  }

  private lay(engine: Engine, trains: boolean, painter: Painter): void {
    const pictures = new Pictures(engine, this.packed!, trains);
    this.benchNow = {
      ...{ engine, trains, painter, pictures },
      [Symbol.dispose]() {
        painter[Symbol.dispose]();
        pictures[Symbol.dispose]();
        engine[Symbol.dispose]();
      },
    };
    this.applyImage();
  }

  /** When the device goes, everything on it is made anew on another, and training stands at its last checkpoint. */
  private watch(engine: Engine): void {
    void engine.gpu.device.lost.then(async error => {
      if (this.benchNow?.engine !== engine) return;
      const saved = this.subjectNow?.training?.latest;
      const wasRunning = this.state.training?.running ?? false;
      this.update({ engine: { status: 'lost', reason: error.message } });
      await this.turns.take(async () => {
        this.subjectNow = undefined;
        this.benchNow = undefined;
        await this.open(this.packed!);
        const { model } = this.state;
        if (model) await this.setModel(model.network, { saved });
      });
      const { step = 0 } = this.state.training ?? {};
      this.emit('notice', {
        kind: 'problem',
        title: 'The GPU was lost',
        text: `The browser or the driver took it away. A new one is open, and training ${wasRunning ? 'goes on' : 'stands'} at step ${step}.`,
      });
      if (wasRunning) void this.subjectNow?.training?.run(Number.POSITIVE_INFINITY);
    });
  }

  /**
   * Makes this network the one that everything is about, with the numbers of a checkpoint or of a safetensors file, or else
   * with its first ones.
   * @throws ShapeError when it cannot be built, FileError when the numbers do not fit; the one before then stays.
   */
  async setModel(network: Network, { saved, weights }: { saved?: Saved | undefined; weights?: Uint8Array } = {}) {
    const { engine, trains, pictures } = this.bench;
    const { config, seed } = network;
    const { name, inputShape } = config;
    const made: Disposable[] = [];
    const keep = <T extends Disposable>(part: T): T => {
      made.unshift(part);
      return part;
    };
    try {
      const model = keep(new Model(engine, toLayer(config), { name, inputShape, seed }));
      if (weights) model.load(weights, name);
      const training = trains ? keep(await Training.make(this, model, network, saved)) : undefined;
      const probe = keep(await Probe.make(model, pictures.chosen, trains));
      this.subjectNow?.[Symbol.dispose]();
      this.subjectNow = { model, probe, training, [Symbol.dispose]: () => disposeAll(made) };
    } catch (error) {
      disposeAll(made);
      throw error;
    }
    const { model, training } = this.subjectNow;
    const { layerNames } = model;
    const { layers, parameters, flops } = describeNetwork(config);
    const origin: ModelState['origin'] = saved ? 'trained here' : weights ? 'file' : 'random';
    const { layer = '' } = this.state;
    this.update({
      model: { network, layers, parameters, flops, layerNames, origin },
      training: training?.state,
      layer: layerNames.includes(layer) ? layer : layerNames[0],
    });
    this.emit('history', training?.history ?? { moments: [], judged: [] });
    await this.refresh();
  }

  /** Chooses the picture that is looked at. */
  async chooseImage(image: ChosenImage, own?: Float32Array): Promise<void> {
    this.ownPixels = own;
    this.update({ image });
    this.applyImage();
    await this.refresh();
  }

  private applyImage(): void {
    const { image } = this.state;
    const { pictures } = this.bench;
    if (image?.kind === 'data') pictures.chosen.write(pictures.pixels(image.index));
    else if (image && this.ownPixels) pictures.chosen.write(this.ownPixels);
  }

  /** Computes what is looked at anew, and draws it. In a turn. */
  async refresh(): Promise<void> {
    if (this.canvases.isEmpty || !this.subjectNow) return;
    const { probe } = this.subject;
    await probe.run();
    await this.canvases.paint(this.bench.painter);
    this.emit('seen', { probabilities: softmax(await probe.logits.data()) });
  }
}

function disposeAll(parts: readonly Disposable[]): void {
  for (const part of parts) part[Symbol.dispose]();
}

function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const powers = values.map(value => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map(power => power / sum);
}
