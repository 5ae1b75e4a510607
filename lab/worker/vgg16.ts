import { DeviceLostError, readSafetensors, type SafetensorsFile, ValueError } from '../../src/index.ts';
import type { Vgg16State } from '../protocol.ts';
import type { Lab } from './lab.ts';
import { describeSite } from './open.ts';
import { findHead, type Head } from './vgg16-head.ts';
import { type SourcePicture, Vgg16Look } from './vgg16-look.ts';
import { fetchFile, findKept, forget, keep } from './weights.ts';

/** Under this name the weights are kept in the browser. */
const KEPT = 'vgg16/imagenet-f16.safetensors';
/** Job of fetching, and of looking at a picture. */
export const JOBS = { load: 'vgg16.load', look: 'vgg16.look' } as const;

/** VGG16 in the lab: its weights, once they are here, and what it makes of a picture. */
export class Vgg16 {
  state: Vgg16State = { weights: { status: 'none' }, look: undefined };
  private file: SafetensorsFile | undefined;
  private lookNow: Vgg16Look | undefined;
  /** Once it has been looked for. */
  private head: Promise<Head | undefined> | undefined;

  constructor(private readonly lab: Lab) {}

  private update(change: Partial<Vgg16State>): void {
    this.state = { ...this.state, ...change };
    this.lab.emit('vgg16', this.state);
  }

  /** What stands on the present device, if anything does. */
  get present(): Vgg16Look | undefined {
    return this.lookNow?.engine === this.lab.bench.engine ? this.lookNow : undefined;
  }

  /** @throws ValueError while there is nothing. */
  get look(): Vgg16Look {
    const { present } = this;
    if (present) return present;
    throw new ValueError('VGG16 has not looked at a picture yet');
  }

  /** Says how things stand: which weights could be had without the network. */
  async find(): Promise<void> {
    // What stood on a lost device went with it.
    const look = this.present && this.state.look;
    if (this.file || this.state.weights.status === 'loading') return this.update({ look });
    const kept = await findKept(KEPT);
    if (kept) return await this.accept(kept, 'kept');
    const { vgg16 } = await describeSite();
    this.update({ weights: { status: 'none', ...(vgg16 && { served: vgg16.bytes }) } });
  }

  /** Fetches the weights that come with the page, and keeps them in the browser. */
  async fetch(): Promise<void> {
    const { vgg16 } = await describeSite();
    if (!vgg16) throw new ValueError('no weights come with this page; choose their file instead');
    const { path, bytes } = vgg16;
    const before = this.state.weights;
    const signal = this.lab.jobs.start(JOBS.load);
    const onBytes = (loaded: number, total: number) => this.update({ weights: { status: 'loading', loaded, total } });
    onBytes(0, bytes);
    try {
      await this.accept(await fetchFile(path, bytes, signal, onBytes), 'server');
    } catch (error) {
      this.update({ weights: before });
      throw error;
    }
  }

  /** Takes the weights from a file of the reader's own. @throws FileError when it is none of VGG16. */
  async take(file: Blob, name: string): Promise<void> {
    await this.accept(new Uint8Array(await file.arrayBuffer()), 'file', name);
  }

  private async accept(bytes: Uint8Array<ArrayBuffer>, from: 'server' | 'kept' | 'file', name = KEPT): Promise<void> {
    try {
      const file = readSafetensors(bytes, name);
      // The network that looks at a picture now is about to be replaced.
      this.lab.jobs.stop(JOBS.look);
      await this.lab.turns.take(() => this.place(file, this.state.look?.size ?? SIZE));
      this.file = file;
    } catch (error) {
      if (from === 'kept') await forget(KEPT);
      throw error;
    }
    if (from !== 'kept') await keep(KEPT, bytes);
    this.update({ weights: { status: 'ready', from, bytes: bytes.length }, look: undefined });
  }

  /** Makes the network on the device, for pictures of this size. The one before stays if it cannot be. */
  private place(file: SafetensorsFile, size: number): Vgg16Look {
    const { engine, trains } = this.lab.bench;
    const before = this.lookNow;
    if (before?.engine === engine && before.file === file && before.size === size) return before;
    const made = new Vgg16Look(engine, file, size, trains);
    // What belonged to a lost device went with it.
    if (before?.engine === engine) before[Symbol.dispose]();
    this.lookNow = made;
    return made;
  }

  /**
   * Shows the network a picture, layer by layer: between two of them the page draws, and training may make a step. Settles
   * when all have been computed, or another picture is asked for.
   */
  async see(picture: SourcePicture, size: number): Promise<void> {
    const { file, lab } = this;
    if (!file) throw new ValueError('VGG16 has no weights yet; fetch them or choose their file');
    const signal = lab.jobs.start(JOBS.look);
    const look = await lab.turns.take(() => {
      const placed = this.place(file, size);
      placed.begin(picture);
      return placed;
    });
    const { layers } = look;
    const flops = layers.reduce((sum, layer) => sum + layer.flops, 0);
    const start = performance.now();
    let counted = 0;
    this.update({ look: { size, layers, done: 0, running: true } });
    try {
      for (const [place, layer] of layers.entries()) {
        await breathe();
        if (signal.aborted) return;
        await lab.turns.take(async () => {
          // Another picture may have been asked for while this one waited for its turn.
          if (signal.aborted) return;
          await look.advance(place);
          await lab.canvases.paint(lab.bench.painter);
        });
        if (signal.aborted) return;
        counted += layer.flops;
        const millisecondsLeft = ((performance.now() - start) * (flops - counted)) / counted;
        this.update({ look: { size, layers, done: place + 1, running: true, millisecondsLeft } });
      }
      const predictions = await this.predict(look);
      if (signal.aborted) return;
      this.update({ look: { size, layers, done: layers.length, running: false, ...predictions } });
    } catch (error) {
      // The lab says so itself, and opens another.
      if (error instanceof DeviceLostError) return this.update({ look: undefined });
      this.stop('look');
      throw error;
    }
  }

  private async predict(look: Vgg16Look) {
    const head = await (this.head ??= findHead());
    const probabilities = head && (await this.lab.turns.take(() => look.predict(head)));
    if (!head) return {};
    const { classes, size } = head;
    return { head: { classes, size, ...(probabilities && { probabilities }) } };
  }

  stop(job: keyof typeof JOBS): void {
    this.lab.jobs.stop(JOBS[job]);
    const { look } = this.state;
    if (job === 'look' && look) this.update({ look: { ...look, running: false } });
  }
}

/** Side of the first picture. */
export const SIZE = 32;

/** Lets what the page asks for meanwhile have its turn. */
const breathe = () => new Promise(resolve => setTimeout(resolve));
