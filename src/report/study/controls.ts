import { type LayerConfig, Model } from '../../nn/index.ts';

/** How a network began. */
export interface Beginning {
  /** Of all numbers that were drawn. */
  readonly seed: number;
  /** Gives it the weights of others that it began with, where it did. */
  readonly fill?: ((model: Model) => Promise<unknown>) | undefined;
}

/** The networks that a trained one is compared with, each made when it is first asked for. Disposing of it frees them. */
export class Controls implements Disposable {
  private readonly asked = new Map<'first' | 'untrained', Promise<Model>>();
  private readonly made: Model[] = [];

  constructor(
    private readonly model: Model,
    private readonly beginning: Beginning,
  ) {}

  /** As it was before its first step. */
  first(): Promise<Model> {
    return this.beginning.fill ? this.get('first') : this.untrained();
  }

  /** With random weights throughout, also where it began with those of others. */
  untrained(): Promise<Model> {
    return this.get('untrained');
  }

  private get(which: 'first' | 'untrained'): Promise<Model> {
    const model = this.asked.get(which) ?? this.make(which);
    this.asked.set(which, model);
    return model;
  }

  private async make(which: 'first' | 'untrained'): Promise<Model> {
    const { seed, fill } = this.beginning;
    const config = this.model.toJSON();
    const layer = which === 'untrained' ? withRandomWeights(config.layer) : config.layer;
    const made = Model.fromJSON(this.model.engine, { ...config, layer }, { seed });
    this.made.push(made);
    if (which === 'first') await fill?.(made);
    return made;
  }

  [Symbol.dispose](): void {
    for (const model of this.made) model[Symbol.dispose]();
  }
}

/** The same layers, random where they wait for the weights of others: VGG16's as its own recipe without them starts. */
function withRandomWeights(config: LayerConfig): LayerConfig {
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inside);
    return typeof value === 'object' && value !== null && 'type' in value
      ? withRandomWeights(value as LayerConfig)
      : value;
  };
  const options = Object.entries(config).map(([option, value]) => [option, inside(value)]);
  return { ...Object.fromEntries(options), ...(config.initializer === 'pretrained' && { initializer: 'heNormal' }) };
}
