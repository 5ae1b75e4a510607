/** What a call computes and moves, by its shape alone, and the line that says so. */
import type { Line, Row } from './results.ts';
import type { Case, ConvShape, Work } from './suites.ts';

/** Floating-point operations of one call; 0 where a count says nothing. */
export function flopsOf({ op, shape }: Work): number {
  if (op === 'matmul') return 2 * shape.m * shape.n * shape.k;
  if (op === 'conv2d' || op === 'conv2d_input_grad' || op === 'conv2d_kernel_grad') {
    return 2 * pixelsOut(shape) * shape.cout * shape.kernel ** 2 * shape.cin;
  }
  return 0;
}

/** Bytes that one call must move: each float32 tensor once; 0 where a count says nothing. */
export function bytesOf({ op, shape }: Work): number {
  switch (op) {
    case 'matmul':
      return 4 * (shape.m * shape.k + shape.k * shape.n + shape.m * shape.n);
    case 'conv2d':
    case 'conv2d_input_grad':
    case 'conv2d_kernel_grad': {
      const { n, h, w, cin, cout, kernel } = shape;
      return 4 * (n * h * w * cin + kernel ** 2 * cin * cout + pixelsOut(shape) * cout);
    }
    case 'max_pool2d':
    case 'max_pool2d_grad':
      return (
        4 *
        shape.n *
        shape.c *
        (shape.h * shape.w + Math.floor(shape.h / shape.window) * Math.floor(shape.w / shape.window))
      );
    case 'softmax_cross_entropy':
      return 4 * (2 * shape.rows * shape.classes + shape.rows);
    case 'adam':
      // Gradient read; parameter and both moments read and written.
      return 4 * 7 * shape.size;
    default:
      return 0;
  }
}

const pixelsOut = ({ n, h, w, kernel, stride, same }: ConvShape) => {
  const out = (size: number) => (same ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1);
  return n * out(h) * out(w);
};

/** The line of a case with what its contenders have to show. */
export function lineOf(work: Case, rows: readonly Row[]): Line {
  const { suite, name, op, shape, mode, curve } = work;
  const numbers = { flops: flopsOf(work), bytes: bytesOf(work) };
  const described = shape as unknown as Line['shape'];
  return {
    suite,
    name,
    op,
    shape: described,
    mode,
    unit: op === 'memory' ? 'bytes' : 'ms',
    ...numbers,
    ...(curve && { curve }),
    rows,
  };
}
