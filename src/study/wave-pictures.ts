/**
 * Pictures as sums of waves, for gradient ascent on them: C. Olah, A. Mordvintsev, L. Schubert, "Feature Visualization"
 * (Distill, 2017). Waves of natural pictures are about as strong as they are long, and their colours go together; in
 * coordinates that are scaled so, ascent does not begin with the finest noise, which is what pixels would give.
 *
 *     picture = clip(1/2 + colour(rows (waves * scale) columns'))
 *
 * Of a clipped pixel the slope counts that leads back: what went too far can return. A sigmoid, which that article takes,
 * forgets the slope of what it holds fast, right or wrong, and the steps of Adam hold fast what is long and loud first.
 */

import type { Engine } from '../tensor/engine.ts';
import { add, affine, greater, less, matmul, mul, reshape, transpose } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The real Fourier basis on n points, orthonormal: a constant, then cosine and sine of each frequency.
 * @returns basis [n, n], a wave a column; frequency in waves a pixel of each column.
 */
export function fourierBasis(n: number): { readonly basis: Float64Array; readonly frequencies: Float64Array } {
  const basis = new Float64Array(n * n);
  const frequencies = Float64Array.from({ length: n }, (_, column) => Math.ceil(column / 2) / n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const angle = 2 * Math.PI * frequencies[column]! * row;
      // Without a sine of its own: the constant, and of an even n the wave of two pixels.
      const alone = column === 0 || (n % 2 === 0 && column === n - 1);
      const wave = column % 2 === 1 ? Math.cos(angle) : column === 0 ? 1 : Math.sin(angle);
      basis[row * n + column] = (alone ? wave : Math.SQRT2 * wave) / Math.sqrt(n);
    }
  }
  return { basis, frequencies };
}

/**
 * Root of the covariance of red, green and blue in the pictures of ImageNet, scaled so that its longest column has length 1,
 * as Lucid (the library of that article) uses it.
 */
const COLOURS = [
  [0.26, 0.09, 0.02],
  [0.27, 0.0, -0.05],
  [0.27, -0.09, 0.03],
] as const;
const LONGEST = Math.max(...[0, 1, 2].map(k => Math.hypot(...COLOURS.map(row => row[k]!))));

/** Pictures [count, height, width, channels] in these coordinates, cut out of canvases that are `margin` larger all around. */
export class WavePictures implements Disposable {
  /** [count, channels, height + 2 margin, width + 2 margin], flat: what is learned. */
  readonly shape: readonly [number, number, number, number];
  private readonly rows: Tensor;
  private readonly columns: Tensor;
  private readonly scale: Tensor;
  private readonly colours: Tensor | undefined;
  private readonly vertical: Float64Array;
  private readonly horizontal: Float64Array;

  constructor(
    engine: Engine,
    count: number,
    private readonly picture: readonly [number, number, number],
    readonly margin: number,
  ) {
    const [height, width, channels] = picture;
    const [h, w] = [height + 2 * margin, width + 2 * margin];
    this.shape = [count, channels, h, w];
    const [vertical, horizontal] = [fourierBasis(h), fourierBasis(w)];
    this.vertical = vertical.basis;
    this.horizontal = horizontal.basis;
    const scale = Float64Array.from({ length: h * w }, (_, i) => {
      const frequency = Math.hypot(vertical.frequencies[Math.floor(i / w)]!, horizontal.frequencies[i % w]!);
      return 1 / Math.max(frequency, 1 / Math.max(h, w));
    });
    const keep = (tensor: Tensor) => engine.keep(tensor);
    this.scale = keep(engine.tensor(scale, [h, w], 'f32', 'wave scale'));
    this.rows = keep(engine.empty([height, h], 'f32', 'wave rows'));
    this.columns = keep(engine.empty([width, w], 'f32', 'wave columns'));
    const colours = COLOURS.flat().map(value => value / LONGEST);
    this.colours = channels === 3 ? keep(engine.tensor(colours, [3, 3], 'f32', 'colours')) : undefined;
    this.moveTo(margin, margin);
  }

  /** Which part of the canvas the pictures are from now on: 0 to 2 margin from its top and left edge. */
  moveTo(top: number, left: number): void {
    const [height, width] = this.picture;
    const [, , h, w] = this.shape;
    this.rows.write(this.vertical.subarray(top * h, (top + height) * h));
    this.columns.write(this.horizontal.subarray(left * w, (left + width) * w));
  }

  /** [count, height, width, channels], around 1/2 and not clipped, from waves of `shape`. */
  draw(waves: Tensor): Tensor {
    const [height, width] = this.picture;
    const [count, channels, h, w] = this.shape;
    const scaled = mul(reshape(waves, this.shape), this.scale);
    const along = matmul(reshape(scaled, [count * channels * h, w]), this.columns, { transposeB: true });
    const upright = reshape(transpose(reshape(along, [count * channels, h, width]), [1, 0, 2]), [
      h,
      count * channels * width,
    ]);
    const down = reshape(matmul(this.rows, upright), [height, count, channels, width]);
    const pixels = transpose(down, [1, 0, 3, 2]);
    if (!this.colours) return affine(pixels, 1, 0.5);
    const coloured = matmul(reshape(pixels, [count * height * width, 3]), this.colours, { transposeB: true });
    return affine(reshape(coloured, [count, height, width, 3]), 1, 0.5);
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.rows, this.columns, this.scale, this.colours]) tensor?.dispose();
  }
}

/** The gradient of a loss with respect to clipped pixels, without what would push pixels further out of 0 to 1. No tape. */
export function inwards(pixels: Tensor, gradient: Tensor): Tensor {
  const { engine } = pixels;
  return engine.noGrad(() => {
    const [zero, one] = [engine.zeros([1]), engine.full([1], 1)];
    // Descent goes against the gradient.
    const up = mul(greater(pixels, one), less(gradient, zero));
    const down = mul(less(pixels, zero), greater(gradient, zero));
    return mul(gradient, affine(add(up, down), -1, 1));
  });
}
