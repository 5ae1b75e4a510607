import type { Model } from '../nn/model.ts';
import { ValueError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';
import { type BatchOptions, outputsOf, singleImage, type TargetOptions } from './variants.ts';

export interface OcclusionOptions extends TargetOptions, BatchOptions {
  /** Side of the square that is covered, in pixels; default a seventh of the picture's height. */
  readonly window?: number;
  /** Pixels from one place to the next; default half of the window. */
  readonly stride?: number;
  /** What the square is filled with; default 0, black. */
  readonly fill?: number;
}

export interface Occlusion {
  /** By how much the logit falls when the square is put at each place: [rows, columns] of places. */
  readonly drops: HostArray;
  /** Of each pixel the mean over all squares that cover it, divided by their pixels: [H, W]. */
  readonly map: HostArray;
  readonly window: number;
}

/**
 * Occlusion: by how much the target's logit falls when a square of the picture is covered, place by place. M. D. Zeiler,
 * R. Fergus, "Visualizing and Understanding Convolutional Networks" (2014). Needs no gradient, and tells of real changes of
 * the picture; though a black square is itself a picture that the network has never seen.
 * @throws ShapeError, ValueError for a picture, class, window or stride that does not fit.
 */
export async function occlusion(model: Model, image: HostArray, options: OcclusionOptions): Promise<Occlusion> {
  const values = singleImage(model, image);
  const [height, width, channels] = model.inputShape as [number, number, number];
  const { window = Math.max(1, Math.round(height / 7)), fill = 0, target } = options;
  const { stride = Math.max(1, Math.floor(window / 2)) } = options;
  if (!Number.isInteger(window) || window < 1 || window > Math.min(height, width)) {
    throw new ValueError(`occlusion: a square of ${window} pixels does not fit into ${height} x ${width}`);
  }
  if (!Number.isInteger(stride) || stride < 1) throw new ValueError(`occlusion: stride ${stride}; take 1 or more`);
  const tops = places(height, window, stride);
  const lefts = places(width, window, stride);
  const squares = tops.flatMap(top => lefts.map(left => ({ top, left })));
  const covered = ({ top, left }: { top: number; left: number }, visit: (pixel: number) => void) => {
    for (let y = top; y < top + window; y++) for (let x = left; x < left + window; x++) visit(y * width + x);
  };
  const write = (into: Float64Array, i: number) => {
    into.set(values);
    // The last one is the whole picture.
    if (i === squares.length) return;
    covered(squares[i]!, pixel => into.fill(fill, pixel * channels, (pixel + 1) * channels));
  };
  const { values: logits } = await outputsOf(model, { count: squares.length + 1, write }, options);
  const classes = model.outputShape[0]!;
  const whole = logits[squares.length * classes + target]!;
  const drops = Float64Array.from(squares, (_, i) => whole - logits[i * classes + target]!);

  const map = new Float64Array(height * width);
  const count = new Uint32Array(height * width);
  for (const [i, square] of squares.entries()) {
    covered(square, pixel => {
      map[pixel]! += drops[i]! / window ** 2;
      count[pixel]!++;
    });
  }
  return {
    drops: { shape: [tops.length, lefts.length], values: drops },
    map: { shape: [height, width], values: map.map((sum, pixel) => sum / count[pixel]!) },
    window,
  };
}

/** Where windows begin: every `stride` pixels, and at the far edge, so that all is covered. A larger stride leaves nothing out. */
function places(size: number, window: number, stride: number): number[] {
  const step = Math.min(stride, window);
  const regular = Array.from({ length: Math.floor((size - window) / step) + 1 }, (_, i) => i * step);
  const last = size - window;
  return regular[regular.length - 1] === last ? regular : [...regular, last];
}
