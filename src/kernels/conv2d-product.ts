import type { Capabilities } from '../gpu/capabilities.ts';
import { fastest } from './choose.ts';
import type { Conv2dGeometry } from './conv2d-geometry.ts';
import { type MatmulParams, matmulKernel } from './matmul.ts';
import { rebind } from './rebind.ts';
import { sumKernel } from './reduce.ts';
import type { BindingRef, Plan, Variant } from './spec.ts';

// A convolution with one tap at every pixel multiplies the matrix of pixels with that of weights. The kernels of matrix
// products spare what convolutions pay to find their taps, and split k where there are few pixels.

const NOTHING_FUSED = { ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 };

/** Whether a convolution is a product of [pixels, cin] and [cin, cout]. With strides the pixels would not lie side by side. */
const isProduct = (p: Conv2dGeometry) =>
  p.kh * p.kw === 1 && p.strideH * p.strideW === 1 && p.oh === p.h && p.ow === p.w;

const pixels = (p: Conv2dGeometry) => p.n * p.h * p.w;

/** Some products bind the bias that they do not have as if to write it: db takes that place, and is left alone. */
function leaveUnwritten(plan: Plan): Plan {
  const replace = (ref: BindingRef) =>
    typeof ref !== 'string' && ref.name === 'bias' && ref.as === 'write' ? 'db' : ref;
  return { ...plan, dispatches: plan.dispatches.map(d => ({ ...d, bindings: d.bindings.map(replace) })) };
}

/** The fastest product on the device, between the tensors that `names` gives for a, b, bias and out. */
function product<P extends Conv2dGeometry>(
  names: Readonly<Record<'a' | 'b' | 'bias' | 'out', BindingRef>>,
  fits: (p: P) => boolean,
  asProduct: (p: P) => MatmulParams,
): Variant<P> {
  const chosen = (p: P, caps: Capabilities) => fastest(matmulKernel, asProduct(p), caps, []);
  return {
    name: 'matmul',
    supports: p => isProduct(p) && fits(p),
    // The plain kernels do the same work for one tap, so what a product gains over its plain variant it gains here.
    speed: (p, caps) => chosen(p, caps).speed(asProduct(p), caps),
    plan: (p, caps): Plan => rebind(leaveUnwritten(chosen(p, caps).plan(asProduct(p), caps)), names),
  };
}

type Forward = Conv2dGeometry & { bias: number; relu: number };
type InputGrad = Conv2dGeometry & { mask: number };
type KernelGrad = InputGrad & { db: number; accumulate: number };

/** y = act(x W + bias). */
export const conv2dProduct = product<Forward>(
  { a: 'x', b: 'kernel', bias: 'bias', out: 'y' },
  () => true,
  p => ({ ...NOTHING_FUSED, m: pixels(p), n: p.cout, k: p.cin, bias: p.bias, relu: p.relu }),
);

/** dx = dy W^T. Products do not mask what they load. */
export const conv2dInputGradProduct = product<InputGrad>(
  { a: 'dy', b: 'kernel', bias: 'kernel', out: 'dx' },
  p => !p.mask,
  p => ({ ...NOTHING_FUSED, m: pixels(p), n: p.cin, k: p.cout, tb: 1 }),
);

const kernelProduct = product<KernelGrad>(
  // Products bind a bias even where they have none. Not db: it lies in one buffer with dkernel, which is written.
  { a: 'x', b: 'dy', bias: 'dy', out: 'dkernel' },
  p => !p.mask,
  p => ({ ...NOTHING_FUSED, m: p.cin, n: p.cout, k: pixels(p), ta: 1, accumulate: p.accumulate }),
);

/** dkernel = x^T dy, and where it is wanted db, the sums of dy's columns, by the kernel for sums. */
export const conv2dKernelGradProduct: Variant<KernelGrad> = {
  ...kernelProduct,
  plan: (p, caps) => {
    const weights = kernelProduct.plan(p, caps);
    if (!p.db) return weights;
    const columns = { outer: 1, length: pixels(p), inner: p.cout, scale: 1, accumulate: p.accumulate };
    const bias = rebind(fastest(sumKernel, columns, caps, []).plan(columns, caps), { x: 'dy', out: 'db' });
    return {
      dispatches: [...weights.dispatches, ...bias.dispatches.map(dispatch => ({ ...dispatch, work: 0 }))],
      scratch: { ...weights.scratch, ...bias.scratch },
    };
  },
};
