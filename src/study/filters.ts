/** What the layers of a network look for, as pictures: their kernels, and how far training moved them. */
import { type BuiltLayer, type LayerConfig, type Model, walk } from '../nn/index.ts';
import { ShapeError } from '../platform/errors.ts';

/** The kernels of one layer. */
export interface FilterBank {
  readonly layer: string;
  /** [height, width, channels, filters]. */
  readonly shape: readonly [number, number, number, number];
  /** Row-major. */
  readonly values: Float32Array;
  /** Channels are blue, green, red, as the weights of VGG16 want them. */
  readonly blueFirst: boolean;
}

/** Bytes [height, width, channels] to look at; channels is 1 or 3. */
export interface FilterPicture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/**
 * The kernels of all convolutions, in the order in which they run, and those of a first dense layer, whose weights lie as
 * the picture does that was flattened before it.
 */
export async function filterBanks(model: Model): Promise<FilterBank[]> {
  const layers = walk(model.root).filter(({ parameters }) => parameters.some(isKernel));
  const values = await model.parameters.read();
  const blueFirst = startsBlueFirst(model.layer.toJSON());
  return layers.flatMap((layer, i) => {
    const shape = filterShape(layer, i === 0 ? model.inputShape : undefined);
    if (!shape) return [];
    const kernel = layer.parameters.find(isKernel)!;
    // Only the first convolution sees colours.
    const own = { layer: layer.name, shape, values: values.get(kernel.name)!.data };
    return [{ ...own, blueFirst: blueFirst && i === 0 }];
  });
}

const isKernel = ({ name }: { readonly name: string }) => name === 'kernel' || name.endsWith('.kernel');

/** [height, width, channels, filters]; undefined for a kernel that is no picture. */
function filterShape(
  { type, input, parameters }: BuiltLayer,
  picture: readonly number[] | undefined,
): FilterBank['shape'] | undefined {
  const { shape } = parameters.find(isKernel)!;
  if (type === 'conv2d') return shape as unknown as FilterBank['shape'];
  if (type !== 'dense' || picture?.length !== 3) return undefined;
  const [height, width, channels] = picture as [number, number, number];
  return input[0] === height * width * channels ? [height, width, channels, shape[1]!] : undefined;
}

function startsBlueFirst(config: LayerConfig): boolean {
  if (config.type === 'preprocess') return config.channels === 'bgr';
  return Object.values(config)
    .flat()
    .some(value => typeof value === 'object' && value !== null && 'type' in value && startsBlueFirst(value as never));
}

/**
 * One filter as a picture: zero is the middle grey, its largest absolute weight black or white. In colour where it has three
 * channels; without `channel`, one with more is refused.
 * @throws ShapeError when there is no such filter or channel, or when several channels do not make a colour.
 */
export function filterPicture(bank: FilterBank, filter: number, channel?: number): FilterPicture {
  const [height, width, channels, filters] = bank.shape;
  const whole = channel === undefined;
  if (!(filter >= 0 && filter < filters) || (whole ? channels !== 1 && channels !== 3 : !(channel < channels))) {
    throw new ShapeError(
      `filters of '${bank.layer}' [${bank.shape.join(', ')}]: there is no picture of filter ${filter}, channel ${channel ?? 'all'}`,
    );
  }
  const shown = whole ? (channels as 1 | 3) : 1;
  // By the whole filter also for a slice of it: how much a channel counts is to be seen.
  const largest = filterValues(bank, filter).reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const pixels = Uint8Array.from({ length: height * width * shown }, (_, i) => {
    const pixel = Math.floor(i / shown);
    const colour = bank.blueFirst && whole ? shown - 1 - (i % shown) : i % shown;
    const value = bank.values[(pixel * channels + (channel ?? colour)) * filters + filter]!;
    return Math.round(127.5 + 127.5 * (value / largest));
  });
  return { height, width, channels: shown, pixels };
}

/** All weights of one filter, [height, width, channels]. */
export function filterValues({ shape, values }: FilterBank, filter: number): Float32Array {
  const [height, width, channels, filters] = shape;
  return Float32Array.from({ length: height * width * channels }, (_, i) => values[i * filters + filter]!);
}

export interface FilterChange {
  /** |after - before| / |before|; NaN where it was zero. */
  readonly relative: number;
  /** Cosine of the angle between before and after, 1 for the same direction; NaN where one is zero. */
  readonly cosine: number;
}

/** How far each filter is from what it was. @throws ShapeError when the two are not of one shape. */
export function filterChanges(before: FilterBank, after: FilterBank): FilterChange[] {
  if (before.shape.join() !== after.shape.join()) {
    throw new ShapeError(
      `filters of '${after.layer}': before they were [${before.shape.join(', ')}], after [${after.shape.join(', ')}]`,
    );
  }
  return Array.from({ length: after.shape[3] }, (_, filter) => {
    const [a, b] = [filterValues(before, filter), filterValues(after, filter)];
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
    const distance = a.reduce((sum, value, i) => sum + (b[i]! - value) ** 2, 0);
    return { relative: Math.sqrt(distance / aa), cosine: ab / Math.sqrt(aa * bb) };
  });
}

/**
 * Of each filter of a bank the largest cosine that it has with any filter of another: 1 where the other layer has the same
 * filter, up to a positive factor. Of small filters chance finds much alike: compare with random ones.
 * @throws ShapeError when their filters are not of one shape.
 */
export function bestMatches(bank: FilterBank, other: FilterBank): number[] {
  const windows = [bank, other].map(({ shape }) => shape.slice(0, 3).join(', '));
  if (windows[0] !== windows[1]) {
    throw new ShapeError(`filters of '${bank.layer}' [${windows[0]}] have no match among those of [${windows[1]}]`);
  }
  const units = (from: FilterBank) =>
    Array.from({ length: from.shape[3] }, (_, filter) => {
      const values = filterValues(from, filter);
      const length = Math.hypot(...values) || 1;
      return values.map(value => value / length);
    });
  const candidates = units(other);
  const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return units(bank).map(filter => Math.max(...candidates.map(candidate => cosine(filter, candidate))));
}
