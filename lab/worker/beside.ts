import { type CompiledStep, compile, type Model, ops, type Tensor, ValueError } from '../../src/index.ts';

/** Which of two networks beside one another, or the second minus the first. */
export type Side = 'original' | 'branch' | 'difference';

/** By name of a layer what it gives, [1, ...output]. */
type Maps = Readonly<Record<string, Tensor>>;

interface Looked {
  readonly original: Maps;
  readonly branch: Maps;
  /** Of layers and of convolutions' kernels. */
  readonly difference: Maps;
}

/** One picture in two networks of the same layers: what every layer makes of it, the kernels, and by how much both differ. */
export class Beside implements Disposable {
  private constructor(
    private readonly models: Readonly<Record<Exclude<Side, 'difference'>, Model>>,
    private readonly step: CompiledStep<Looked>,
  ) {}

  /** @param picture f32 [1, H, W, C]. */
  static async make(original: Model, branch: Model, picture: Tensor): Promise<Beside> {
    const { engine } = original;
    const look = (): Looked => {
      const [first, second] = [mapsOf(original, picture), mapsOf(branch, picture)];
      const maps = Object.keys(first).map(name => [name, ops.sub(second[name]!, first[name]!)] as const);
      const kernels = kernelsOf(original).map(({ name }) => {
        return [name, ops.sub(branch.parameters.get(name), original.parameters.get(name))] as const;
      });
      return { original: first, branch: second, difference: Object.fromEntries([...maps, ...kernels]) };
    };
    const step = await compile(engine, () => engine.noGrad(look), { label: 'beside' });
    return new Beside({ original, branch }, step);
  }

  /** Computes everything anew, with the weights and the picture of now. */
  async run(): Promise<void> {
    await this.step.run({ rows: 0 });
  }

  /**
   * What a layer gives or a convolution's kernel, as of the latest run.
   * @throws ValueError for a name that is neither.
   */
  values(side: Side, name: string): Tensor {
    const tensor = this.step.result[side][name];
    if (tensor) return tensor;
    if (side !== 'difference') return this.models[side].parameters.get(name);
    throw new ValueError(`beside: there is neither a layer nor a convolution's kernel '${name}'`);
  }

  [Symbol.dispose](): void {
    this.step[Symbol.dispose]();
  }
}

function mapsOf(model: Model, picture: Tensor): Maps {
  return model.forward(picture, { capture: model.layerNames }).captured;
}

/** Kernels of convolutions, [KH, KW, CI, CO]. */
export function kernelsOf({ parameters }: Model): Model['parameters']['segments'] {
  return parameters.segments.filter(({ shape }) => shape.length === 4);
}
