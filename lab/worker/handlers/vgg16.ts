import { colourFilters, colourPicture, featureMaps } from '../draw/grid.ts';
import type { Ground } from '../draw/palettes.ts';
import type { Lab } from '../lab.ts';

export const inTurn = {
  /** Draws what a layer makes of the picture, all of its maps or one, now and when another picture is shown. */
  'vgg16.show': async (lab: Lab, { canvas, layer, channel, columns, scale, ground }: Vgg16View) => {
    lab.canvases.show(canvas, () => {
      const tensor = lab.vgg16.present?.output(layer);
      if (!tensor) return undefined;
      const maps = featureMaps(tensor.shape, 0, channel === undefined ? undefined : { first: channel, count: 1 });
      return { tensor, maps, grid: { columns, scale, gap: 1 }, palette: 'sequential', range: 'each', ground };
    });
    await lab.canvases.paint(lab.bench.painter);
  },

  /** Draws the picture as the network gets it. */
  'vgg16.showPicture': async (lab: Lab, { canvas }: { canvas: string }) => {
    lab.canvases.show(canvas, () => {
      const tensor = lab.vgg16.present?.seen;
      if (!tensor) return undefined;
      const grid = { columns: 1, scale: 1, gap: 0 };
      return { tensor, maps: colourPicture(tensor.shape), grid, palette: 'rgb', range: [0, 1], ground: 'dark' };
    });
    await lab.canvases.paint(lab.bench.painter);
  },

  /** Draws the filters of the first convolution in their colours. */
  'vgg16.showFilters': async (
    lab: Lab,
    { canvas, columns, scale }: Pick<Vgg16View, 'canvas' | 'columns' | 'scale'>,
  ) => {
    lab.canvases.show(canvas, () => {
      const tensor = lab.vgg16.present?.firstKernel;
      if (!tensor) return undefined;
      const maps = colourFilters(tensor.shape, 'bgr');
      return { tensor, maps, grid: { columns, scale, gap: scale }, palette: 'rgb', range: 'each', ground: 'dark' };
    });
    await lab.canvases.paint(lab.bench.painter);
  },

  /** The channels of a layer that answer most to the picture, by their mean. */
  'vgg16.strongest': async (lab: Lab, { layer, count }: { layer: string; count: number }) =>
    await lab.vgg16.look.strongest(layer, count),

  /** What a layer makes of the picture, as numbers: [1, H, W, C], row-major. */
  'vgg16.values': async (lab: Lab, { layer }: { layer: string }) => {
    const tensor = lab.vgg16.look.output(layer);
    return tensor && { shape: tensor.shape, values: Float32Array.from(await tensor.data()) };
  },
};

export const atOnce = {
  /** Looks for weights that can be had at once. */
  'vgg16.find': async (lab: Lab, _: undefined) => await lab.vgg16.find(),

  'vgg16.fetch': async (lab: Lab, _: undefined) => await lab.vgg16.fetch(),

  'vgg16.take': async (lab: Lab, { file, name }: { file: Blob; name: string }) => await lab.vgg16.take(file, name),

  /** Shows it a picture of the data set. It uses the engine in turns of its own. */
  'vgg16.seeData': async (lab: Lab, { index, size }: { index: number; size: number }) => {
    const { pictures } = lab.bench;
    const { height, width, channels } = pictures.packed.data;
    await lab.vgg16.see({ pixels: pictures.pixels(index), height, width, channels: channels as 1 | 3 }, size);
  },

  /** Shows it a photo: red, green and blue from 0 to 1, [size, size, 3]. */
  'vgg16.seePhoto': async (lab: Lab, { pixels, size }: { pixels: Float32Array; size: number }) =>
    await lab.vgg16.see({ pixels, height: size, width: size, channels: 3 }, size),

  'vgg16.stop': (lab: Lab, { job }: { job: 'load' | 'look' }) => lab.vgg16.stop(job),
};

/** Maps of a layer on a canvas. */
export interface Vgg16View {
  readonly canvas: string;
  readonly layer: string;
  /** Only this one; default all. */
  readonly channel?: number;
  readonly columns: number;
  readonly scale: number;
  readonly ground: Ground;
}
