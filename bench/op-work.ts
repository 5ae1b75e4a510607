/** A call of weft's kernels as a benchmark's work: the way back from `kernelCall`. */
import { BLOCK } from '../src/kernels/flat.ts';
import type { Params } from '../src/kernels/spec.ts';
import { UsageError } from '../src/platform/errors.ts';
import { kernelCall } from './kernels.ts';
import type { ConvShape, Work } from './suites.ts';

/** A call as work that peers know. @throws UsageError for a kernel or parameters that they have no function for. */
export function workOf(kernel: string, p: Params): Work {
  const work = candidate(kernel, p);
  const known = work && kernelCall(work)?.p;
  if (!known)
    throw new UsageError(`bench op --peers: other frameworks are not asked for '${kernel}'; leave --peers out`);
  const others = Object.keys(p).filter(name => p[name] !== known[name]);
  if (others.length === 0) return work;
  const wanted = others.map(name => `${name}=${known[name]}`).join(' ');
  throw new UsageError(`bench op --peers: other frameworks compute ${kernel} with ${wanted}; put that into --shape`);
}

function candidate(kernel: string, p: Params): Work | undefined {
  const { n, h, w, cin, cout } = p as Pick<ConvShape, 'n' | 'h' | 'w' | 'cin' | 'cout'>;
  switch (kernel) {
    case 'matmul':
      return { op: kernel, shape: { m: p.m!, n, k: p.k! } };
    case 'conv2d':
    case 'conv2d_input_grad':
    case 'conv2d_kernel_grad': {
      const same = Number(p.oh === Math.ceil(h / p.strideH!));
      return { op: kernel, shape: { n, h, w, cin, cout, kernel: p.kh!, stride: p.strideH!, same } };
    }
    case 'max_pool2d':
    case 'max_pool2d_grad':
      return { op: kernel, shape: { n, h, w, c: p.c!, window: p.kh! } };
    case 'softmax_cross_entropy':
      return { op: kernel, shape: { rows: p.rows!, classes: n } };
    case 'adam':
      return { op: kernel, shape: { size: p.blocks! * BLOCK } };
    default:
      return undefined;
  }
}
