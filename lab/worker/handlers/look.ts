/** Every layer from inside: its maps and their gradients, its weights, the arithmetic of one value, what it is like on many pictures. */
import { ValueError } from '../../../src/platform/errors.ts';
import { explainLoss } from '../../../src/study/arithmetic/index.ts';
import { PICTURE } from '../../station.ts';
import { colourPicture, featureMaps, filterSlices, type Maps } from '../draw/grid.ts';
import type { Painting } from '../draw/painter.ts';
import type { Ground } from '../draw/palettes.ts';
import type { Lab } from '../lab.ts';
import { measure, numbersOf } from '../look/measure.ts';
import { PixelReader } from '../look/pixel.ts';
import { stationsOf } from '../look/stations.ts';

export const inTurn = {
  /** The network as places to look at. */
  'look.stations': (lab: Lab, _: undefined) => stationsOf(lab.model),

  /** How one value came about, and how the loss's gradient got to it. */
  'look.pixel': async (lab: Lab, { station, at }: { station: string; at: readonly number[] }) => {
    const backward = await lab.passBackwards();
    const { pictures } = lab.bench;
    return await new PixelReader(lab.model, backward, pictures.chosen, lossOf(lab)).read(station, at);
  },

  /** Softmax and loss of the chosen picture, written out. */
  'look.loss': async (lab: Lab, _: undefined) => {
    const { probe } = lab.subject;
    await probe.run();
    const { target, labelSmoothing } = lossOf(lab);
    return { ...explainLoss(await probe.logits.data(), target, labelSmoothing), target, labelSmoothing };
  },

  /** What the numbers of a station are like, for the chosen picture. */
  'look.numbers': async (lab: Lab, { station }: { station: string }) => await numbersOf(lab, station),

  /** From now on the loss asks for this class, until another picture is chosen. */
  'look.target': async (lab: Lab, { target }: { target: number }) => {
    lab.update({ target });
    await lab.refresh();
  },
};

export const atOnce = {
  /** Draws what a station gives, or the gradient of the loss with respect to it, on a canvas, now and as it changes. */
  'look.maps': async (lab: Lab, view: MapsView) => {
    const { canvas, station, what, columns, scale, gap, range, ground, channels } = view;
    const backwards = what === 'gradients';
    const scene = () => {
      const isPicture = station === PICTURE;
      // A page that has not heard of a new network yet may ask for a layer of the old one.
      if (!isPicture && !lab.model.layerNames.includes(station)) return undefined;
      const tensor = backwards
        ? lab.backward.gradient(station)
        : isPicture
          ? lab.bench.pictures.chosen
          : lab.subject.probe.output(station);
      const grid = { columns, scale, gap };
      if (isPicture && !backwards) {
        const isColour = tensor.shape[3] === 3;
        const maps = isColour ? colourPicture(tensor.shape) : featureMaps(tensor.shape);
        return { tensor, maps, grid, palette: isColour ? 'rgb' : 'grey', range: [0, 1], ground } as const;
      }
      const palette = backwards || view.signed ? 'diverging' : 'sequential';
      return { tensor, maps: featureMaps(tensor.shape, 0, channels), grid, palette, range, ground } as const;
    };
    lab.canvases.show(canvas, scene, { backwards });
    await lab.refreshSoon();
  },

  /** Draws a layer's weights, what training has added to them, or the loss's gradient, on a canvas, now and as they change. */
  'look.kernel': async (lab: Lab, view: KernelView) => {
    const { canvas, parameter, what, shape, columns, scale, gap, ground } = view;
    const scene = () => {
      const { parameters } = lab.model;
      const segment = parameters.segments.find(({ name }) => name === parameter);
      if (!segment || segment.size !== shape.reduce((a, b) => a * b)) return undefined;
      const tensor = {
        weights: () => parameters.get(parameter),
        gradients: () => lab.backward.parameterGradient(parameter),
        change: () => lab.backward.change,
      }[what]();
      if (!tensor) return undefined;
      const slices = filterSlices(shape);
      const maps: Maps = what === 'change' ? { ...slices, start: segment.start } : slices;
      return { tensor, maps, grid: { columns, scale, gap }, palette: 'diverging', range: 'all', ground } as const;
    };
    lab.canvases.show(canvas, scene, { backwards: what !== 'weights' });
    await lab.refreshSoon();
  },

  /** Place of the next picture of a class, round the end if need be. */
  'look.next': ({ bench }: Lab, { label, after }: { label: number; after: number }) => {
    const { labels } = bench.pictures.packed.data;
    const behind = labels.indexOf(label, after + 1);
    const found = behind >= 0 ? behind : labels.indexOf(label);
    if (found < 0) throw new ValueError(`class ${label}: none of the pictures is of it`);
    return found;
  },

  /** All layers on many held-back pictures. It takes turns of its own. */
  'look.measure': async (lab: Lab, _: undefined) => await measure(lab),
};

function lossOf({ state }: Lab): { target: number; labelSmoothing: number } {
  return { target: state.target, labelSmoothing: state.model?.network.training.labelSmoothing ?? 0 };
}

/** Maps on a canvas. */
export interface MapsView {
  readonly canvas: string;
  /** '' is the picture. */
  readonly station: string;
  readonly what: 'values' | 'gradients';
  /** Whether values below zero are to be told from those above. */
  readonly signed: boolean;
  readonly columns: number;
  readonly scale: number;
  readonly gap: number;
  readonly range: Painting['range'];
  readonly channels?: { readonly first: number; readonly count: number };
  readonly ground: Ground;
}

/** Weights on a canvas: a row of maps for each input, a column for each output, unless wrapped. */
export interface KernelView extends Pick<MapsView, 'canvas' | 'columns' | 'scale' | 'gap' | 'ground'> {
  /** Its full name: 'conv1.kernel'. */
  readonly parameter: string;
  readonly what: 'weights' | 'change' | 'gradients';
  /** As maps: [rows, columns, inputs, outputs]. */
  readonly shape: readonly [number, number, number, number];
}
