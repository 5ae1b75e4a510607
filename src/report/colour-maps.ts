/** Maps of numbers as coloured pixels, one colour scale for maps with signs and one for those without. */
import type { HostArray } from '../study/index.ts';
import { toPicture } from './pictures.ts';
import type { Picture } from './types.ts';

type Colour = readonly [red: number, green: number, blue: number];

/**
 * 'sequential' is viridis (S. van der Walt, N. Smith, 2015, public domain), in which equal steps look equal to all kinds of
 * colour vision, and in grey. 'diverging' is ColorBrewer's blue to red by way of white (C. Brewer, Apache 2.0).
 */
const STOPS = {
  sequential: ['440154', '472c7a', '3b518b', '2c718e', '21908d', '27ad81', '5cc863', 'aadc32', 'fde725'],
  diverging: [
    ...['053061', '2166ac', '4393c3', '92c5de', 'd1e5f0', 'f7f7f7'],
    ...['fddbc7', 'f4a582', 'd6604d', 'b2182b', '67001f'],
  ],
} as const;

export type ColourMapName = keyof typeof STOPS;

/** As a value of CSS, for a scale bar beside the map. */
export function gradientCss(name: ColourMapName): string {
  return `linear-gradient(to right, ${STOPS[name].map(stop => `#${stop}`).join(', ')})`;
}

/** The colour at a share of the scale, 0 to 1; straight lines between the stops. */
export function colourAt(name: ColourMapName, share: number): Colour {
  const stops = STOPS[name];
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const first = Math.min(stops.length - 2, Math.floor(place));
  const [a, b] = [parse(stops[first]!), parse(stops[first + 1]!)];
  return a.map((channel, i) => Math.round(channel + (place - first) * (b[i]! - channel))) as unknown as Colour;
}

const parse = (stop: string) => [0, 2, 4].map(at => Number.parseInt(stop.slice(at, at + 2), 16));

/** Values whose magnitude is larger than that of this share of them have the colour at the end of the scale. */
const WITHIN = 0.99;

/**
 * What the end of the scale stands for: the magnitude that all but the hundredth part of the values stay below, since one
 * pixel must not make all others pale.
 */
export function limitOf({ values }: HostArray): number {
  const sizes = Float64Array.from(values, Math.abs).sort();
  const most = sizes[sizes.length - 1] ?? 0;
  return sizes[Math.min(sizes.length - 1, Math.floor(WITHIN * sizes.length))] || most || 1;
}

/** A map [H, W] as an RGB picture of that size: -limit to limit, or without signs 0 to limit. */
export function paint(map: HostArray, name: ColourMapName, limit: number = limitOf(map)): Picture {
  const [height, width] = map.shape as [number, number];
  const pixels = new Uint8Array(height * width * 3);
  map.values.forEach((value, i) => {
    const share = name === 'diverging' ? (value / limit + 1) / 2 : value / limit;
    pixels.set(colourAt(name, share), 3 * i);
  });
  return toPicture(pixels, { height, width, channels: 3 });
}

/** Values from 0 to 1 as a grey or RGB picture. */
export function photograph({ shape, values }: HostArray): Picture {
  const [height, width, channels] = shape as [number, number, number];
  const pixels = Uint8Array.from(values, value => Math.round(255 * Math.min(1, Math.max(0, value))));
  return toPicture(pixels, { height, width, channels });
}
