/** What all tabs use: the network, the picture and the layer that everything is about, and the page's canvases. */
import type { ModelConfig } from '../../../src/nn/index.ts';
import type { Network } from '../../network.ts';
import type { ChosenImage } from '../../protocol.ts';
import { describeNetwork } from '../architecture.ts';
import { colourPicture, featureMaps, filterSlices } from '../draw/grid.ts';
import type { Painting } from '../draw/painter.ts';
import type { Ground, Palette } from '../draw/palettes.ts';
import type { Lab } from '../lab.ts';
import { describeSite, openFile, openRecorded, openRun, openTrained } from '../open.ts';
import { fetchPictures } from '../pictures.ts';
import { offers } from '../recipes.ts';

export const inTurn = {
  /** Fetches the pictures and opens a device: the first request of a page. Gives what the site says of itself. */
  'lab.open': async (lab: Lab, _: undefined) => {
    await lab.open(await fetchPictures());
    return await describeSite();
  },

  /** Makes this network the one that everything is about, with its first numbers. */
  'model.set': async (lab: Lab, { network }: { network: Network }) => await lab.setModel(network),

  /** The network that the lab brings with it, trained. */
  'model.openTrained': async (lab: Lab, _: undefined) => await openTrained(lab),

  /** The training that was recorded, where none can be made. */
  'model.openRecorded': async (lab: Lab, _: undefined) => await openRecorded(lab),

  /** The run that was named when the lab was started. */
  'model.openRun': async (lab: Lab, _: undefined) => await openRun(lab),

  /** A file of the reader's: a training that was saved, or weights for the network of now. */
  'file.open': async (lab: Lab, { bytes, name }: { bytes: Uint8Array; name: string }) =>
    await openFile(lab, bytes, name),

  /** Chooses a picture of the data set by its place. */
  'image.choose': async (lab: Lab, { index }: { index: number }) => {
    const label = lab.bench.pictures.packed.data.labels[index]!;
    await lab.chooseImage({ kind: 'data', index, label });
  },

  /** Takes a picture of the reader's own: values from 0 to 1 of the network's input shape. */
  'image.own': async (lab: Lab, { name, pixels }: { name: string; pixels: Float32Array }) => {
    const image: ChosenImage = { kind: 'own', name };
    await lab.chooseImage(image, pixels);
  },

  /** What a layer makes of the chosen picture, as numbers: [1, ...], row-major. */
  'layer.values': async (lab: Lab, { layer }: { layer: string }) => {
    const { probe } = lab.subject;
    await probe.run();
    const tensor = probe.output(layer);
    return { shape: tensor.shape, values: Float32Array.from(await tensor.data()) };
  },

  /** Closes the device as a driver's reset would, so that the recovery can be tried. */
  'engine.lose': (lab: Lab, _: undefined) => lab.bench.engine.gpu.device.handle.destroy(),
};

export const atOnce = {
  /** Draws the chosen picture on a canvas, now and whenever another is chosen. */
  'image.show': async (lab: Lab, { canvas, scale = 1 }: { canvas: string; scale?: number }) => {
    lab.canvases.show(canvas, () => {
      const tensor = lab.bench.pictures.chosen;
      const palette = tensor.shape[3] === 3 ? 'rgb' : 'grey';
      const maps = palette === 'rgb' ? colourPicture(tensor.shape) : featureMaps(tensor.shape);
      return { tensor, maps, grid: { columns: 1, scale, gap: 0 }, palette, range: [0, 1], ground: 'dark' };
    });
    await lab.refreshSoon();
  },

  /** Draws what a layer makes of the chosen picture on a canvas, now and whenever it has changed. */
  'layer.show': async (lab: Lab, view: LayerView) => {
    const { canvas, layer, columns, scale = 1, gap = 1, palette = 'sequential', range = 'all', ground } = view;
    lab.canvases.show(canvas, () => {
      const { probe, model } = lab.subject;
      if (!model.layerNames.includes(layer)) return undefined;
      const tensor = probe.output(layer);
      const maps = featureMaps(tensor.shape, 0, view.channels);
      return { tensor, maps, grid: { columns, scale, gap }, palette, range, ground };
    });
    await lab.refreshSoon();
  },

  /** Draws a convolution's kernel [KH, KW, CI, CO] on a canvas, now and as it changes: CI rows of CO maps. */
  'kernel.show': async (lab: Lab, { canvas, parameter, scale = 1, gap = 1, range = 'all', ground }: KernelView) => {
    lab.canvases.show(canvas, () => {
      const tensor = lab.model.parameters.get(parameter);
      const columns = tensor.shape[3]!;
      const grid = { columns, scale, gap };
      return { tensor, maps: filterSlices(tensor.shape), grid, palette: 'diverging', range, ground };
    });
    await lab.refreshSoon();
  },

  /** Networks to begin with, and how each is trained unless told otherwise. */
  'model.offers': (_: Lab, __: undefined) => offers,

  /** What a network would come to, layer by layer, without making it. */
  'model.describe': (lab: Lab, { config }: { config: ModelConfig }) =>
    describeNetwork(config, lab.state.data?.classes.length),

  /** Pictures of the data set by their places: their bytes, one after the other. */
  'image.bytes': (lab: Lab, { places }: { places: readonly number[] }) => lab.bench.pictures.bytes(places),

  'layer.choose': (lab: Lab, { layer }: { layer: string }) => lab.update({ layer }),

  'canvas.attach': (lab: Lab, { id, canvas }: { id: string; canvas: OffscreenCanvas }) =>
    lab.canvases.attach(id, canvas),

  'canvas.detach': (lab: Lab, { id }: { id: string }) => lab.canvases.detach(id),
};

/** A layer's maps on a canvas. */
export interface LayerView {
  readonly canvas: string;
  readonly layer: string;
  /** Maps in a row. */
  readonly columns: number;
  /** Pixels of a value; default 1. */
  readonly scale?: number;
  /** Pixels between two maps; default 1. */
  readonly gap?: number;
  /** Default 'sequential'. */
  readonly palette?: Exclude<Palette, 'rgb'>;
  /** Default 'all'. */
  readonly range?: Painting['range'];
  /** Default all. */
  readonly channels?: { readonly first: number; readonly count: number };
  readonly ground: Ground;
}

/** A kernel on a canvas. */
export interface KernelView extends Pick<LayerView, 'canvas' | 'scale' | 'gap' | 'range' | 'ground'> {
  /** Its full name: 'conv1.kernel'. */
  readonly parameter: string;
}
