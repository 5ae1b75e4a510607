import { useEffect, useRef } from 'preact/hooks';
import type { HostArray } from '../../../src/study/arrays.ts';
import { paintPixels } from '../../worker/draw/canvas-painter.ts';
import { featureMaps } from '../../worker/draw/grid.ts';
import type { Palette } from '../../worker/draw/palettes.ts';
import { ground } from '../theme.ts';

export interface ValuesCanvasProps {
  /** [H, W]. */
  readonly map: HostArray;
  readonly palette: Exclude<Palette, 'rgb'>;
  readonly range: readonly [low: number, high: number];
  /** What is to be seen, for who cannot see it. */
  readonly label: string;
  /** A picture [H, W, C], 0 to 1, that shines through. */
  readonly over?: HostArray | undefined;
}

/** How much of the picture beneath is covered. */
const COVER = 0.62;

/** Values on the host as a picture, in the colours that the worker draws with. */
export function ValuesCanvas({ map, palette, range, label, over }: ValuesCanvasProps) {
  const element = useRef<HTMLCanvasElement>(null);
  const theme = ground.value;
  const [height, width] = map.shape as [number, number];
  useEffect(() => {
    const context = element.current!.getContext('2d')!;
    context.clearRect(0, 0, width, height);
    if (over) {
      const isColour = over.shape[2] === 3;
      context.drawImage(imageOf(over, isColour ? 'rgb' : 'grey', [0, 1]), 0, 0, width, height);
      context.globalAlpha = COVER;
    }
    const flat = { shape: [height, width, 1], values: map.values };
    context.drawImage(imageOf(flat, palette, range), 0, 0);
    context.globalAlpha = 1;
  }, [map, palette, range[0], range[1], over, theme]);
  return <canvas ref={element} class="maps" role="img" aria-label={label} width={width} height={height} />;
}

/** Values [H, W, C] as an image of as many pixels. */
function imageOf({ shape, values }: HostArray, palette: Palette, range: readonly [number, number]): OffscreenCanvas {
  const [height, width] = shape as [number, number];
  const maps = { ...featureMaps([1, ...shape], 0, { first: 0, count: 1 }), channel: 1 };
  const grid = { columns: 1, scale: 1, gap: 0 };
  const pixels = paintPixels(values, { maps, grid, palette, range, ground: ground.value });
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')!.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  return canvas;
}
