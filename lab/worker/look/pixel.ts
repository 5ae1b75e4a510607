/** How one value of a network came about, and how the loss's gradient got to it: every number that it takes to say so. */
import { BatchNorm2d, type Model } from '../../../src/nn/index.ts';
import { ValueError } from '../../../src/platform/errors.ts';
import {
  coordinatesOf,
  explainGradient,
  explainLoss,
  explainOutput,
  type GradientArithmetic,
  layerArithmetic,
  type OutputArithmetic,
  type ParameterValues,
  placedLayers,
  placeOf,
} from '../../../src/study/arithmetic/index.ts';
import type { HostArray } from '../../../src/study/arrays.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { PICTURE, type Station } from '../../station.ts';
import type { Backward } from '../backward.ts';
import { stationsOf } from './stations.ts';

/** One value, from both sides. Coordinates are those of stations: [row, column, channel] or [unit]. */
export interface Pixel {
  readonly station: string;
  readonly at: readonly number[];
  /** As the engine computed it. */
  readonly value: number;
  /** None for a value of the picture. */
  readonly made: Made | undefined;
  /** Of the loss with respect to it, as the engine computed it. */
  readonly gradient: number;
  /** What comes back from each of the layers that it goes into. */
  readonly back: readonly Back[];
}

export type Made =
  | {
      readonly kind: 'sum';
      /** What the terms are taken from, in the order of `Term.input`. */
      readonly sources: readonly { readonly station: string; readonly shape: readonly number[] }[];
      readonly arithmetic: OutputArithmetic;
      /** For a batch norm: what its factor and its summand are made of. */
      readonly norm: Norm | undefined;
    }
  /** Why it cannot be written out. */
  | { readonly kind: 'other'; readonly reason: string };

export interface Norm {
  readonly gamma: number;
  readonly beta: number;
  readonly mean: number;
  readonly variance: number;
  readonly epsilon: number;
}

export type Back =
  | { readonly kind: 'sum'; readonly station: string; readonly arithmetic: GradientArithmetic }
  | {
      readonly kind: 'loss';
      readonly probability: number;
      readonly target: number;
      readonly sum: number;
    }
  | { readonly kind: 'other'; readonly station: string; readonly reason: string };

/** Reads from the device what it takes to write values out. All of one moment: use it within a turn. */
export class PixelReader {
  private readonly stations: ReadonlyMap<string, Station>;

  constructor(
    private readonly model: Model,
    /** Has been run with the present picture. */
    private readonly backward: Backward,
    private readonly picture: Tensor,
    private readonly loss: { readonly target: number; readonly labelSmoothing: number },
  ) {
    this.stations = new Map(stationsOf(model).map(station => [station.name, station]));
  }

  /** @throws ValueError for a station that there is not; ShapeError for a place outside of its values. */
  async read(name: string, at: readonly number[]): Promise<Pixel> {
    const station = this.station(name);
    const place = placeOf(station.shape, at);
    const [values, gradient] = await Promise.all([this.values(name), this.backward.gradient(name).data()]);
    return {
      ...{ station: name, at, value: values.values[place]!, gradient: gradient[place]! },
      made: name === PICTURE ? undefined : await this.made(station, at),
      back: station.uses.length > 0 ? await this.back(station, place) : [await this.fromLoss(name, place)],
    };
  }

  private station(name: string): Station {
    const found = this.stations.get(name);
    if (found) return found;
    throw new ValueError(`there is no layer '${name}' to look at; there are ${[...this.stations.keys()].join(', ')}`);
  }

  /** What a station gives, without the batch axis. */
  private async values(name: string): Promise<HostArray> {
    const tensor = name === PICTURE ? this.picture : this.backward.output(name);
    return { shape: this.station(name).shape, values: await tensor.data() };
  }

  private async parameters(name: string): Promise<ParameterValues> {
    const { parameters } = placedLayers(this.model).get(name)!.built;
    const entries = parameters.map(async ({ name: full, shape }) => {
      return [full, { shape, data: await this.model.parameters.get(full).data() }] as const;
    });
    return new Map(await Promise.all(entries));
  }

  /** The values that a layer takes, in the shapes in which it takes them. */
  private async inputs({ sources }: Station, shapes: readonly (readonly number[])[]): Promise<HostArray[]> {
    const found = await Promise.all(sources.map(source => this.values(source)));
    return found.map(({ values }, i) => ({ shape: shapes[i]!, values }));
  }

  private async made(station: Station, at: readonly number[]): Promise<Made> {
    const { name, sources } = station;
    const parameters = await this.parameters(name);
    return await orReason<Made>(
      async () => {
        const layer = layerArithmetic(this.model, name, parameters);
        const taken = layer.sums.inputs;
        const arithmetic = explainOutput(layer, await this.inputs(station, taken), at);
        const shapes = sources.map(source => this.station(source).shape);
        const terms = arithmetic.terms.map(term => {
          const place = placeOf(taken[term.input]!, term.at);
          return { ...term, at: coordinatesOf(shapes[term.input]!, place) };
        });
        return {
          kind: 'sum',
          sources: sources.map((source, i) => ({ station: source, shape: shapes[i]! })),
          arithmetic: { ...arithmetic, terms },
          norm: this.norm(name, parameters, at[at.length - 1]!),
        };
      },
      reason => ({ kind: 'other', reason }),
    );
  }

  private norm(name: string, parameters: ParameterValues, channel: number): Norm | undefined {
    const { layer } = placedLayers(this.model).get(name)!;
    if (!(layer instanceof BatchNorm2d)) return undefined;
    const part = (what: string) => parameters.get(`${name}.${what}`)!.data[channel]!;
    const { epsilon = 1e-3 } = layer.options;
    const [mean, variance] = [part('running_mean'), part('running_variance')];
    return { gamma: part('gamma'), beta: part('beta'), mean, variance, epsilon };
  }

  private async back({ name, uses }: Station, place: number): Promise<Back[]> {
    const found = await Promise.all(uses.map(user => this.fromLayer(this.station(user), name, place)));
    return found.flat();
  }

  /** An addition may take the same values twice. */
  private async fromLayer(user: Station, from: string, place: number): Promise<Back[]> {
    const parameters = await this.parameters(user.name);
    return await orReason<Back[]>(
      async () => {
        const layer = layerArithmetic(this.model, user.name, parameters);
        const inputs = await this.inputs(user, layer.sums.inputs);
        const output = await this.values(user.name);
        const gradient = { ...output, values: await this.backward.gradient(user.name).data() };
        return user.sources.flatMap((source, input): Back[] => {
          if (source !== from) return [];
          const at = coordinatesOf(layer.sums.inputs[input]!, place);
          const arithmetic = explainGradient(layer, { inputs, gradient, output }, at, input);
          return [{ kind: 'sum', station: user.name, arithmetic }];
        });
      },
      reason => [{ kind: 'other', station: user.name, reason }],
    );
  }

  private async fromLoss(name: string, k: number): Promise<Back> {
    const { values } = await this.values(name);
    const { target, labelSmoothing } = this.loss;
    const { probability, target: share, gradient } = explainLoss(values, target, labelSmoothing).terms[k]!;
    return { kind: 'loss', probability, target: share, sum: gradient };
  }
}

/** A layer that is no sum of products says so. */
async function orReason<T>(work: () => Promise<T>, say: (reason: string) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ValueError) return say(error.message);
    throw error;
  }
}
