/** Small filters of pictures and maps on the host, in float64. */
import { ShapeError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';

/** Rows, columns and channels of a map [H, W] or picture [H, W, C]. @throws ShapeError for other shapes. */
export function planeOf({ shape }: HostArray): [height: number, width: number, channels: number] {
  const [height, width, channels = 1] = shape as [number, number, number?];
  if (shape.length !== 2 && shape.length !== 3) {
    throw new ShapeError(`a map is [height, width] or [height, width, channels], got [${shape.join(', ')}]`);
  }
  return [height, width, channels];
}

/** Of each pixel the largest magnitude of its channels: [H, W, C] to [H, W], as saliency maps are drawn. */
export function magnitude(map: HostArray): HostArray {
  return overChannels(map, (most, value) => Math.max(most, Math.abs(value)));
}

/** Of each pixel the sum of its channels, which keeps the sign: [H, W, C] to [H, W]. */
export function channelSum(map: HostArray): HostArray {
  return overChannels(map, (sum, value) => sum + value);
}

function overChannels(map: HostArray, join: (sofar: number, value: number) => number): HostArray {
  const [height, width, channels] = planeOf(map);
  const values = new Float64Array(height * width);
  map.values.forEach((value, i) => {
    const pixel = Math.floor(i / channels);
    values[pixel] = join(values[pixel]!, value);
  });
  return { shape: [height, width], values };
}

/** Each channel blurred by a Gaussian of `sigma` pixels, cut off at three of them, the edges repeated. */
export function blur(image: HostArray, sigma: number): HostArray {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const bell = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const total = bell.reduce((a, b) => a + b, 0);
  const taps = sigma > 0 ? bell.map(value => value / total) : bell.map((_, i) => Number(i === radius));
  const columns = convolve(image, taps, radius, 1);
  return convolve(columns, taps, radius, 0);
}

function convolve(image: HostArray, taps: readonly number[], radius: number, axis: 0 | 1): HostArray {
  const [height, width, channels] = planeOf(image);
  const at = pixels(image);
  const values = new Float64Array(image.values.length);
  let i = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++, i++)
        for (const [tap, weight] of taps.entries()) {
          const by = tap - radius;
          values[i]! += weight * (axis === 0 ? at(y + by, x, c) : at(y, x + by, c));
        }
  return { shape: image.shape, values };
}

/** How steep the picture is at each pixel, by the Sobel operator; of several channels the steepest: [H, W]. */
export function sobel(image: HostArray): HostArray {
  const [height, width, channels] = planeOf(image);
  const at = pixels(image);
  const values = new Float64Array(height * width);
  const across = (y: number, x: number, c: number) =>
    [-1, 0, 1].reduce((sum, by) => sum + (by === 0 ? 2 : 1) * (at(y + by, x + 1, c) - at(y + by, x - 1, c)), 0);
  const down = (y: number, x: number, c: number) =>
    [-1, 0, 1].reduce((sum, by) => sum + (by === 0 ? 2 : 1) * (at(y + 1, x + by, c) - at(y - 1, x + by, c)), 0);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        const i = y * width + x;
        values[i] = Math.max(values[i]!, Math.hypot(across(y, x, c), down(y, x, c)));
      }
  return { shape: [height, width], values };
}

/** Reads pixels, those beyond an edge being the edge's. */
function pixels(image: HostArray): (y: number, x: number, c: number) => number {
  const [height, width, channels] = planeOf(image);
  const inside = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
  return (y, x, c) => image.values[(inside(y, height) * width + inside(x, width)) * channels + c]!;
}

/**
 * A map stretched to another size, bilinear, with the centres of pixels at halves and the edge repeated. For display only:
 * it adds no detail to what a coarse grid knows.
 */
export function stretch(map: HostArray, height: number, width: number): HostArray {
  const [rows, columns, channels] = planeOf(map);
  const at = pixels(map);
  const values = new Float64Array(height * width * channels);
  let i = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++, i++) {
        const [row, column] = [((y + 0.5) * rows) / height - 0.5, ((x + 0.5) * columns) / width - 0.5];
        const [top, left] = [Math.floor(row), Math.floor(column)];
        const [below, right] = [row - top, column - left];
        values[i] =
          (1 - below) * ((1 - right) * at(top, left, c) + right * at(top, left + 1, c)) +
          below * ((1 - right) * at(top + 1, left, c) + right * at(top + 1, left + 1, c));
      }
  return { shape: [height, width, ...map.shape.slice(2)], values };
}
