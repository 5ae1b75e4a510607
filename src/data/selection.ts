import { ValueError } from '../platform/errors.ts';
import type { ImageData8 } from './dataset.ts';
import { splitOf } from './split.ts';
import { subset } from './subset.ts';

/** Which images a run learns from and which it holds back, in so few words that they can be kept with it. */
export interface Selection {
  /** Learns from all images and holds none back. Default false. */
  readonly full?: boolean;
  /** Learns from so many of those images, the classes in proportion; no more than there are. Default: from all. */
  readonly limit?: number;
  /** Watches so many of the images held back. Default: all of them. */
  readonly validation?: number;
}

/** Indices into the training set. */
export interface Selected {
  readonly train: Uint32Array;
  /** Undefined where none are held back. */
  readonly validation?: Uint32Array;
}

/** The same images on every machine. @throws ValueError when `limit` is more than there are. */
export function select(images: Pick<ImageData8, 'count' | 'labels' | 'sha256'>, selection: Selection = {}): Selected {
  const { full = false, limit, validation } = selection;
  const { labels } = images;
  const split = splitOf(images);
  const all = full ? Uint32Array.from({ length: images.count }, (_, i) => i) : split.train;
  if (limit !== undefined && limit > all.length) {
    throw new ValueError(`${limit} are more than the ${all.length} images there are to train on`);
  }
  const train = subset(all, labels, limit);
  return full ? { train } : { train, validation: subset(split.validation, labels, validation) };
}
