/**
 * Test pictures that also stand among the training pictures, or nearly so: of them a network may know the answer by heart.
 * B. Barz and J. Denzler, "Do We Train on Test Data? Purging CIFAR of Near-Duplicates" (2020).
 */
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { ImageData8 } from './dataset.ts';

export interface NearDuplicate {
  /** Index in the test set. */
  readonly test: number;
  /** The closest training picture; among equals the first. */
  readonly train: number;
  /** Root mean square difference of their pixels, as a share of the full range: 0 is the same picture. */
  readonly distance: number;
  readonly sameLabel: boolean;
}

/** Sides of the coarse pictures that are compared first. */
const COARSE = 4;
const FINE = 7;

/**
 * For every test picture with a training picture within `limit` of it, the closest one. Exact: differences of block sums
 * bound that of the pixels from below (Cauchy and Schwarz), so most pairs are ruled out by a few numbers, and pictures whose
 * whole sum differs by too much are not looked at.
 *
 * @param limit largest root mean square difference, as a share of the full range, above 0 and at most 1.
 * @throws ShapeError when the pictures differ in shape; ValueError for another limit.
 */
export function nearDuplicates(test: ImageData8, train: ImageData8, limit: number): NearDuplicate[] {
  const { height, width, channels } = test;
  if (height !== train.height || width !== train.width || channels !== train.channels) {
    throw new ShapeError(
      `near-duplicates: pictures of [${height},${width},${channels}] and [${train.height},${train.width},${train.channels}]; they must be of one shape`,
    );
  }
  if (!(limit > 0 && limit <= 1))
    throw new ValueError(`near-duplicates: limit ${limit}; it must be above 0, at most 1`);
  const size = height * width * channels;
  const most = Math.floor(size * (255 * limit) ** 2);
  const [a, b] = [summarise(test), summarise(train)];
  const order = Uint32Array.from(b.totals.keys()).sort((i, j) => b.totals[i]! - b.totals[j]! || i - j);
  const sorted = Float64Array.from(order, i => b.totals[i]!);
  // In the order in which they are read: the inner loop below runs a hundred million times.
  const coarse = inOrder(b.coarse, order);
  const reach = Math.sqrt(size * most);
  const found: NearDuplicate[] = [];
  for (let i = 0; i < test.count; i++) {
    let [best, closest] = [most + 1, -1];
    const end = firstFrom(sorted, a.totals[i]! + reach + 1);
    for (let at = firstFrom(sorted, a.totals[i]! - reach); at < end; at++) {
      const j = order[at]!;
      // Ties go to the first picture, so equals are still looked at where they come earlier.
      const bound = j < closest ? best + 1 : best;
      if (blocksDiffer(a.coarse, i, coarse, at, bound) || blocksDiffer(a.fine, i, b.fine, j, bound)) continue;
      const distance = squaredDistance(test.images, i * size, train.images, j * size, size, bound);
      if (distance < bound) [best, closest] = [distance, j];
    }
    if (closest < 0) continue;
    const distance = Math.sqrt(best / size) / 255;
    found.push({ test: i, train: closest, distance, sameLabel: test.labels[i] === train.labels[closest] });
  }
  return found;
}

/** Sums over the blocks of a grid, each divided by the root of the pixels in it: their squared distance is a lower bound. */
interface Blocks {
  readonly count: number;
  readonly values: Float32Array;
}

function summarise(data: ImageData8) {
  const { images, count } = data;
  const size = images.length / count;
  const totals = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let p = i * size; p < (i + 1) * size; p++) sum += images[p]!;
    totals[i] = sum;
  }
  return { totals, coarse: blocksOf(data, COARSE), fine: blocksOf(data, FINE) };
}

function blocksOf({ images, count, height, width, channels }: ImageData8, side: number): Blocks {
  const blocks = side * side;
  const blockOf = new Uint8Array(height * width);
  const pixels = new Float64Array(blocks);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = Math.floor((y * side) / height) * side + Math.floor((x * side) / width);
      blockOf[y * width + x] = block;
      pixels[block]! += channels;
    }
  }
  const values = new Float32Array(count * blocks);
  const sums = new Float64Array(blocks);
  for (let i = 0; i < count; i++) {
    sums.fill(0);
    for (let p = 0; p < height * width; p++) {
      for (let c = 0; c < channels; c++) sums[blockOf[p]!]! += images[(i * height * width + p) * channels + c]!;
    }
    for (let k = 0; k < blocks; k++) values[i * blocks + k] = pixels[k]! > 0 ? sums[k]! / Math.sqrt(pixels[k]!) : 0;
  }
  return { count: blocks, values };
}

function inOrder({ count, values }: Blocks, order: Uint32Array): Blocks {
  const sorted = new Float32Array(values.length);
  order.forEach((from, to) => {
    sorted.set(values.subarray(from * count, (from + 1) * count), to * count);
  });
  return { count, values: sorted };
}

/** For the rounding of the block sums, which must never rule out a pair that is close enough. */
const SLACK = 1 + 1e-4;

function blocksDiffer(a: Blocks, i: number, b: Blocks, j: number, bound: number): boolean {
  const { count } = a;
  const limit = bound * SLACK + 1;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const d = a.values[i * count + k]! - b.values[j * count + k]!;
    sum += d * d;
    if (sum > limit) return true;
  }
  return false;
}

/** As soon as it reaches `bound`, some number from there on. */
function squaredDistance(a: Uint8Array, from: number, b: Uint8Array, to: number, size: number, bound: number): number {
  let sum = 0;
  for (let p = 0; p < size; p++) {
    const d = a[from + p]! - b[to + p]!;
    sum += d * d;
    if (sum >= bound) return sum;
  }
  return sum;
}

/** The first place whose value is not below `least`. */
function firstFrom(sorted: Float64Array, least: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
