/** Colours of 256 levels, the same for the GPU's painter and the processor's: packed as 0xAABBGGRR. */
export const PALETTES = ['grey', 'sequential', 'diverging'] as const;
export type Palette = (typeof PALETTES)[number] | 'rgb';

/** What stands behind the maps: the middle of the diverging palette is near it. */
export type Ground = 'light' | 'dark';
export const GROUNDS: readonly Ground[] = ['light', 'dark'];

export const LEVELS = 256;

type Colour = readonly [red: number, green: number, blue: number];

/** From dark to bright with lightness rising evenly; told apart with any kind of colour vision. */
const SEQUENTIAL: readonly Colour[] = [
  [13, 8, 40],
  [51, 23, 95],
  [98, 32, 121],
  [148, 45, 120],
  [197, 64, 101],
  [233, 99, 75],
  [248, 149, 64],
  [250, 201, 92],
  [252, 250, 184],
];

/** Negative orange, positive blue: the two that all readers tell apart. */
const DIVERGING: Readonly<Record<Ground, readonly Colour[]>> = {
  light: [
    [150, 62, 0],
    [213, 94, 0],
    [245, 176, 120],
    [246, 247, 249],
    [130, 190, 228],
    [0, 114, 178],
    [0, 67, 112],
  ],
  dark: [
    [255, 186, 130],
    [233, 116, 40],
    [128, 66, 28],
    [30, 34, 44],
    [28, 84, 124],
    [60, 150, 214],
    [156, 214, 250],
  ],
};

const GREY: readonly Colour[] = [
  [0, 0, 0],
  [255, 255, 255],
];

/** All palettes on a ground, one after the other, in the order of `PALETTES`. */
export function paletteTable(ground: Ground): Uint32Array<ArrayBuffer> {
  const stops = { grey: GREY, sequential: SEQUENTIAL, diverging: DIVERGING[ground] };
  return Uint32Array.from(PALETTES.flatMap(name => levelsOf(stops[name])));
}

function levelsOf(stops: readonly Colour[]): number[] {
  return Array.from({ length: LEVELS }, (_, level) => {
    const at = (level / (LEVELS - 1)) * (stops.length - 1);
    const below = Math.min(Math.floor(at), stops.length - 2);
    const mix = (part: 0 | 1 | 2) =>
      Math.round(stops[below]![part] + (at - below) * (stops[below + 1]![part] - stops[below]![part]));
    return (0xff000000 | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
  });
}

/** Values that are not finite: seen at once in every palette. */
export const NOT_FINITE = 0xffff00ff;
