/** A grey picture, row-major, 0 (black) to 255 (white). */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/** Shares of red, green and blue in grey: luma of ITU-R BT.601, as most tools turn colour to grey. */
export const LUMA = [0.299, 0.587, 0.114] as const;

/** A background brighter than this is not the black one that networks know from the data sets. */
export const BRIGHT = 127;

/** Mean of the outermost pixels: what the background looks like. */
export function borderMean({ width, height, data }: GreyPicture): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y > 0 && y < height - 1 && x > 0 && x < width - 1) continue;
      sum += data[y * width + x]!;
      count++;
    }
  }
  return sum / count;
}

/** Black for white. */
export function invert(picture: GreyPicture): GreyPicture {
  return { ...picture, data: picture.data.map(value => 255 - value) };
}

/**
 * Scales a picture to fit into width x height, keeping its proportions, in the middle of a ground of its own background;
 * as bytes. Each new pixel is the mean of the area it covers (enlarging, that of the pixels it lies on).
 */
export function fitInto(picture: GreyPicture, width: number, height: number): Uint8Array {
  const scale = Math.min(width / picture.width, height / picture.height);
  const inner = {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
  const left = Math.floor((width - inner.width) / 2);
  const top = Math.floor((height - inner.height) / 2);
  const out = new Uint8Array(width * height).fill(Math.round(borderMean(picture)));
  const columns = overlaps(picture.width, inner.width);
  const rows = overlaps(picture.height, inner.height);
  for (let y = 0; y < inner.height; y++) {
    for (let x = 0; x < inner.width; x++) {
      let sum = 0;
      for (const [row, vertical] of rows[y]!) {
        for (const [column, horizontal] of columns[x]!) {
          sum += vertical * horizontal * picture.data[row * picture.width + column]!;
        }
      }
      out[(top + y) * width + left + x] = Math.round(sum);
    }
  }
  return out;
}

/** For each of `to` cells laid over `from` cells: which it covers, and with what weight; the weights add up to 1. */
function overlaps(from: number, to: number): [index: number, weight: number][][] {
  const step = from / to;
  return Array.from({ length: to }, (_, cell) => {
    const start = cell * step;
    const end = start + step;
    const covered: [number, number][] = [];
    for (let i = Math.floor(start); i < Math.min(from, Math.ceil(end)); i++) {
      const weight = (Math.min(end, i + 1) - Math.max(start, i)) / step;
      if (weight > 0) covered.push([i, weight]);
    }
    return covered;
  });
}
