import { type PackedPictures, unpackPictures } from '../../src/data/packed.ts';
import { type Engine, GpuDataset, type Tensor, ValueError } from '../../src/index.ts';
import { browserFiles } from '../../src/platform/browser.ts';

/** Where the pictures lie, beside the page. */
const PLACE = 'data/pictures.safetensors.gz';

export async function fetchPictures(): Promise<PackedPictures> {
  return await unpackPictures(await browserFiles.read(PLACE), PLACE);
}

/** The pictures on the device, and the one that is looked at. */
export class Pictures implements Disposable {
  /** All of them; only where there is a GPU to train on. */
  readonly dataset: GpuDataset | undefined;
  /** The chosen one, f32 [1, H, W, C], 0 to 1. */
  readonly chosen: Tensor;

  constructor(
    engine: Engine,
    readonly packed: PackedPictures,
    trains: boolean,
  ) {
    const { height, width, channels } = packed.data;
    this.dataset = trains ? new GpuDataset(engine, packed.data) : undefined;
    this.chosen = engine.keep(engine.tensor(this.pixels(0), [1, height, width, channels], 'f32', 'picture'));
  }

  /** Values of a picture as the network gets them: bytes / 255. */
  pixels(index: number): Float32Array {
    return Float32Array.from(this.bytesOf(index), byte => byte / 255);
  }

  /** Several pictures, one after the other: [N, H, W, C]. */
  bytes(indices: readonly number[]): Uint8Array {
    const all = new Uint8Array(indices.length * this.size);
    indices.forEach((index, i) => {
      all.set(this.bytesOf(index), i * this.size);
    });
    return all;
  }

  private bytesOf(index: number): Uint8Array {
    const { images, count } = this.packed.data;
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new ValueError(`picture ${index}: there are ${count}, counted from 0`);
    }
    return images.subarray(index * this.size, (index + 1) * this.size);
  }

  /** Numbers of one picture. */
  get size(): number {
    const { height, width, channels } = this.packed.data;
    return height * width * channels;
  }

  [Symbol.dispose](): void {
    this.dataset?.[Symbol.dispose]();
    this.chosen.dispose();
  }
}
