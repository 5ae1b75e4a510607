import { type Engine, Model, nn, ops, type SafetensorsFile, type Tensor } from '../../src/index.ts';
import { VGG16_INPUTS, vgg16Parts } from '../../src/models/index.ts';
import type { BuiltLayer } from '../../src/nn/layer.ts';
import { ValueError } from '../../src/platform/errors.ts';
import type { Vgg16Layer } from '../protocol.ts';
import type { Head } from './vgg16-head.ts';

/** Of red, green and blue, or grey alone: values from 0 to 1. */
export interface SourcePicture {
  readonly pixels: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

type Cut = 1 | 2 | 3 | 4 | 5;

/** The blocks of VGG16 on one device for pictures of one size, with what they make of one of them. */
export class Vgg16Look implements Disposable {
  /** The picture as the network gets it, before it is centred: f32 [1, size, size, 3], red first, 0 to 1. */
  seen: Tensor | undefined;
  private readonly model: Model;
  private readonly chain: readonly BuiltLayer[];
  /** By layer. */
  private readonly outputs = new Map<string, Tensor>();
  private latest: Tensor | undefined;
  private head: { readonly of: Head; readonly model: Model } | undefined;

  /** @throws FileError when the file's tensors are not those of VGG16's blocks. */
  constructor(
    readonly engine: Engine,
    readonly file: SafetensorsFile,
    readonly size: number,
    private readonly onGpu: boolean,
  ) {
    const cut = blocksIn(file);
    const [base] = vgg16Parts({ cut, initializer: 'pretrained' });
    const layer = new nn.Sequential({ layers: [base!] });
    this.model = new Model(engine, layer, { name: 'vgg16', inputShape: [size, size, 3] });
    try {
      this.model.parameters.loadPart('base', file);
    } catch (error) {
      this.model[Symbol.dispose]();
      throw error;
    }
    this.chain = this.model.chain;
  }

  get layers(): Vgg16Layer[] {
    return this.chain.map(({ name, output, flops }) => ({ name, output, flops }));
  }

  /** The kernel of the first convolution: [3, 3, 3, 64], blue first. */
  get firstKernel(): Tensor {
    return this.model.parameters.get('base.block1.conv1.kernel');
  }

  /** What a layer made of the picture: [1, H, W, C]; undefined until it has been computed. */
  output(layer: string): Tensor | undefined {
    return this.outputs.get(layer);
  }

  /** Takes another picture; all layers have to be computed anew. */
  begin({ pixels, height, width, channels }: SourcePicture): void {
    const { engine, size } = this;
    this.clear();
    const resize = resizeFor(size);
    const [seen, input] = engine.noGrad(() =>
      engine.scope(() => {
        const x = engine.tensor(pixels, [1, height, width, channels]);
        const options = { size, resize } as const;
        return [ops.preprocess(x, options), ops.preprocess(x, { ...options, ...VGG16_INPUTS['bgr-centred'] })] as const;
      }),
    );
    this.seen = engine.keep(seen);
    this.latest = engine.keep(input);
    this.outputs.set('', input);
  }

  /** Computes the layer in that place of the chain; those before it have been. Waits until it has run. */
  async advance(place: number): Promise<void> {
    const { engine, model } = this;
    const x = this.latest!;
    this.latest = engine.keep(
      engine.noGrad(() => engine.scope(() => model.forwardPart(x, { from: place, to: place + 1 }))),
    );
    this.outputs.set(this.chain[place]!.name, this.latest);
    if (!this.onGpu) return;
    await engine.gpu.flush();
    await engine.gpu.device.finish();
  }

  /** The mean of each channel over the picture, the largest first. @throws ValueError until it has been computed. */
  async strongest(layer: string, count: number): Promise<{ channel: number; mean: number }[]> {
    const output = this.outputs.get(layer);
    if (!output) throw new ValueError(`layer '${layer}': it has not been computed yet`);
    const { engine } = this;
    const means = await engine.scope(async () =>
      Array.from(await engine.noGrad(() => ops.globalAvgPool(output)).data()),
    );
    return means
      .map((mean, channel) => ({ channel, mean }))
      .sort((a, b) => b.mean - a.mean)
      .slice(0, count);
  }

  /** Probabilities of a head on the blocks; undefined where it was trained on pictures of another size. */
  async predict(head: Head): Promise<number[] | undefined> {
    const features = this.outputs.get(`base.block${head.cut}.pool`);
    if (head.size !== this.size || head.resize !== resizeFor(this.size) || !features) return undefined;
    const { engine } = this;
    if (this.head?.of !== head) {
      this.head?.model[Symbol.dispose]();
      this.head = { of: head, model: head.make(engine, features.shape.slice(1)) };
    }
    const { model } = this.head;
    return await engine.scope(async () =>
      Array.from(await engine.noGrad(() => ops.softmax(model.forward(features))).data()),
    );
  }

  private clear(): void {
    for (const tensor of this.outputs.values()) tensor.dispose();
    this.outputs.clear();
    this.seen?.dispose();
    this.seen = undefined;
    this.latest = undefined;
  }

  [Symbol.dispose](): void {
    this.clear();
    this.head?.model[Symbol.dispose]();
    this.model[Symbol.dispose]();
  }
}

/** As the recipes do it: small pictures keep their pixels where they fit. */
function resizeFor(size: number): 'pad' | 'bilinear' {
  return size === 32 ? 'pad' : 'bilinear';
}

/** Blocks whose tensors a file holds: a network may have been cut off. */
function blocksIn({ tensors }: SafetensorsFile): Cut {
  const cuts = [5, 4, 3, 2] as const;
  return cuts.find(block => Array.from(tensors.keys()).some(name => name.startsWith(`block${block}.`))) ?? 1;
}
