import type { PackedPictures } from '../../src/data/packed.ts';
import { AdapterError, Engine, type Model, ValueError } from '../../src/index.ts';
import { openEngine } from '../device.ts';
import type { Network } from '../network.ts';
import type { ChosenImage, Events, LabState } from '../protocol.ts';
import { describeNetwork } from './architecture.ts';
import { Backward } from './backward.ts';
import { Canvases } from './canvases.ts';
import { CanvasPainter } from './draw/canvas-painter.ts';
import { GpuPainter } from './draw/gpu-painter.ts';
import type { Painter } from './draw/painter.ts';
import { Explanations } from './explanations.ts';
import { Jobs } from './jobs.ts';
import { Pictures } from './pictures.ts';
import type { Player } from './player.ts';
import { makeModel, makeSubject, type Numbers, originOf, type Subject } from './subject.ts';
import { Training } from './training.ts';
import { Turns } from './turns.ts';
import { Vgg16 } from './vgg16.ts';

/** What lives on one device, and goes with it. */
interface Bench extends Disposable {
  readonly engine: Engine;
  readonly trains: boolean;
  readonly painter: Painter;
  readonly pictures: Pictures;
}

/**
 * The lab's one engine and everything that is shared between the tabs: the pictures, the model, its training, what is chosen.
 * Handlers reach all of it from here.
 */
export class Lab {
  readonly turns = new Turns();
  readonly jobs = new Jobs();
  readonly explanations = new Explanations();
  readonly canvases = new Canvases();
  readonly vgg16 = new Vgg16(this);
  state: LabState = {
    engine: { status: 'starting' },
    data: undefined,
    model: undefined,
    training: undefined,
    image: undefined,
    layer: undefined,
    target: 0,
  };
  private packed: PackedPictures | undefined;
  private benchNow: Bench | undefined;
  private subjectNow: Subject | undefined;
  private refreshing: Promise<void> | undefined;
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
    const { player } = this.subject;
    if (player instanceof Training) return player;
    throw new AdapterError('training needs WebGPU, which this browser does not give');
  }

  /** @throws AdapterError where there is nothing that could be played. */
  get player(): Player {
    return this.subject.player ?? this.training;
  }

  /** Opens a device, or the reference engine where there is none, and puts the pictures on it. */
  async open(packed: PackedPictures): Promise<void> {
    this.packed = packed;
    const { name, classes, height, width, channels } = packed.data;
    const { train, validation } = packed.split;
    const data = { name, classes, imageShape: [height, width, channels] };
    this.update({ data: { ...data, train: train.length, validation: validation.length } });
    try {
      const engine = await openEngine();
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

  /** When the device goes, everything on it is made anew on another, and training goes on from what was kept. */
  private watch(engine: Engine): void {
    void engine.gpu.device.lost.then(async error => {
      if (this.benchNow?.engine !== engine) return;
      const { training, model } = this.state;
      const wasRunning = training?.running ?? false;
      this.update({ engine: { status: 'lost', reason: error.message } });
      await this.turns.take(async () => {
        const saved = model && (await this.training.session.rescue());
        const isOwn = this.subjectNow?.isOwn;
        this.subjectNow = undefined;
        this.benchNow = undefined;
        await this.open(this.packed!);
        if (model) await this.setModel(model.network, { saved, isOwn, isRun: model.isRun });
      });
      const { trains } = this.bench;
      const step = this.state.training?.step ?? 0;
      const after = trains
        ? `Another one is open, and training ${wasRunning ? 'goes on' : 'stands'} at step ${step}.`
        : 'No other could be opened: what was learned is still to be seen; load the page anew to train on.';
      const text = `The browser or the driver took it away. ${after}`;
      this.emit('notice', { kind: 'problem', title: 'The GPU was lost', text });
      if (wasRunning && trains) await this.player.run(Number.POSITIVE_INFINITY);
    });
  }

  /**
   * Makes this network the one that everything is about.
   * @throws ShapeError when it cannot be built, FileError when the numbers do not fit; the one before then stays.
   */
  async setModel(network: Network, numbers: Numbers = {}): Promise<void> {
    const subject = await makeSubject(this, network, numbers);
    this.subjectNow?.[Symbol.dispose]();
    this.subjectNow = subject;
    const { model, player, isOwn } = subject;
    const { layerNames } = model;
    const { layers, parameters, flops } = describeNetwork(network.config);
    const [origin, { isRun = false }] = [originOf(numbers), numbers];
    const { layer = '' } = this.state;
    this.update({
      model: { network, layers, parameters, flops, layerNames, origin, isOwn, isRun },
      training: player?.state,
      layer: layerNames.includes(layer) ? layer : layerNames[0],
    });
    this.emit('history', player?.history ?? { moments: [], judged: [] });
    this.emit('fork', undefined);
    await this.refresh();
  }

  /** Chooses the picture that is looked at. */
  async chooseImage(image: ChosenImage, own?: Float32Array): Promise<void> {
    this.ownPixels = own;
    this.update({ image, ...(image.kind === 'data' && { target: image.label }) });
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
    if (this.canvases.lookBackwards) await this.passBackwards();
    if (this.canvases.lookBeside) await this.subject.fork?.look();
    await this.canvases.paint(this.bench.painter);
    this.emit('seen', { probabilities: softmax(await probe.logits.data()) });
  }

  /** The same in a turn of its own, once for all who ask before it comes. */
  async refreshSoon(): Promise<void> {
    this.refreshing ??= this.turns.take(async () => {
      this.refreshing = undefined;
      await this.refresh();
    });
    await this.refreshing;
  }

  /** The pass backwards, made anew with the weights, the picture and the target of now. In a turn. */
  async passBackwards(): Promise<Backward> {
    const { subject } = this;
    subject.backward ??= await this.makeBackward(subject);
    await subject.backward.run(this.state.target);
    return subject.backward;
  }

  /** As it was run last. @throws ValueError before. */
  get backward(): Backward {
    const { backward } = this.subject;
    if (backward) return backward;
    throw new ValueError('the pass backwards has not been run yet');
  }

  private async makeBackward({ model, isOwn }: Subject): Promise<Backward> {
    const { engine, trains, pictures } = this.bench;
    const { network } = this.state.model!;
    const { labelSmoothing = 0 } = network.training;
    using first = isOwn ? makeModel(engine, network) : undefined;
    return await Backward.make(model, { picture: pictures.chosen, labelSmoothing, first, onGpu: trains });
  }
}

function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const powers = values.map(value => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map(power => power / sum);
}
