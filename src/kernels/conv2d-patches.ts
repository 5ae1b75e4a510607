import type { Capabilities } from '../gpu/capabilities.ts';
import { fastest } from './choose.ts';
import { type Conv2dGeometry, inputShape } from './conv2d-geometry.ts';
import { gridFor } from './grid.ts';
import { type MatmulParams, matmulKernel } from './matmul.ts';
import { rebind } from './rebind.ts';
import { type BindingRef, type Plan, type PlannedDispatch, sizeOf, type Variant } from './spec.ts';
import { fill, isSubgroup } from './subgroup.ts';
import { planTransposedProduct } from './transposed-product.ts';

// Convolutions as one matrix product with the kernel as it lies in memory. What the windows see is laid out once for every tap,
// which costs a multiple of the picture; the weights are not laid out at all. So it is for few pixels and many weights,
// such as the last blocks of VGG16 on small pictures: software adapters only, as tiles on a GPU find their taps themselves.

type Forward = Conv2dGeometry & { bias: number; relu: number };
type InputGrad = Conv2dGeometry & { mask: number };
type KernelGrad = InputGrad & { db: number; accumulate: number };

const pixels = (p: Conv2dGeometry) => p.n * p.oh * p.ow;
const seen = (p: Conv2dGeometry) => p.kh * p.kw * p.cin;

const forwardProduct = (p: Forward): MatmulParams => ({
  ...{ m: pixels(p), n: p.cout, k: seen(p), ta: 0, tb: 0, bias: p.bias, relu: p.relu, accumulate: 0 },
});
const gradientProduct = (p: InputGrad): MatmulParams => ({
  ...{ m: pixels(p), n: seen(p), k: p.cout, ta: 0, tb: 1, bias: 0, relu: 0, accumulate: 0 },
});

/** What the windows see: one binding, within the bounds of the division in the shaders. */
const fits = (p: Conv2dGeometry, caps: Capabilities) => {
  const values = pixels(p) * seen(p);
  return p.cin % 4 === 0 && values * 4 <= caps.maxBindingBytes && Math.max(values, sizeOf(inputShape(p))) / 4 < 2 ** 22;
};

/** What is left of the product's speed when the pictures are laid out for it, or added up behind it. */
const LAYING_OUT = 0.9;

function copy(
  shader: 'conv2d/patches' | 'conv2d/sum_taps',
  p: Conv2dGeometry,
  bindings: readonly BindingRef[],
  values: number,
  caps: Capabilities,
): PlannedDispatch {
  return {
    shader,
    uniform: [
      ...[p.n, p.h, p.w, p.cin / 4, p.oh, p.ow, p.kh, p.kw, p.strideH, p.strideW, p.dilationH, p.dilationW],
      ...[p.padTop, p.padLeft],
    ],
    bindings,
    workgroups: gridFor(values / 4, 64, caps),
    work: 0,
  };
}

const scratch = (p: Conv2dGeometry, as: 'read' | 'write'): BindingRef => ({
  ...{ name: 'patches', as, bytes: pixels(p) * seen(p) * 4 },
});

/** y = patches(x) kernel. */
export const conv2dPatches: Variant<Forward> = {
  name: 'patches',
  supports: (p, caps) => fits(p, caps),
  speed: (p, caps) => {
    if (!caps.software) return 0.5;
    const product = forwardProduct(p);
    return LAYING_OUT * fastest(matmulKernel, product, caps, []).speed(product, caps);
  },
  plan: (p, caps): Plan => {
    const params = forwardProduct(p);
    const product = fastest(matmulKernel, params, caps, []).plan(params, caps);
    const names = { a: scratch(p, 'read'), b: 'kernel', bias: 'bias', out: 'y' };
    return {
      dispatches: [
        copy('conv2d/patches', p, ['x', scratch(p, 'write')], pixels(p) * seen(p), caps),
        ...rebind(product, names).dispatches,
      ],
      scratch: { ...product.scratch, patches: pixels(p) * seen(p) * 4 },
    };
  },
};

/** dx = the sums of dy kernel^T where the patches came from. */
export const conv2dInputGradPatches: Variant<InputGrad> = {
  name: 'patches',
  supports: (p, caps) => !p.mask && fits(p, caps),
  speed: (p, caps) => {
    if (!caps.software) return 0.5;
    const product = gradientProduct(p);
    return LAYING_OUT * fastest(matmulKernel, product, caps, []).speed(product, caps);
  },
  plan: (p, caps): Plan => {
    const params = gradientProduct(p);
    const product = fastest(matmulKernel, params, caps, []).plan(params, caps);
    // There is no bias: the kernel takes its place.
    const names = { a: 'dy', b: 'kernel', bias: 'kernel', out: scratch(p, 'write') };
    return {
      dispatches: [
        ...rebind(product, names).dispatches,
        copy('conv2d/sum_taps', p, [scratch(p, 'read'), 'dx'], sizeOf(inputShape(p)), caps),
      ],
      scratch: { ...product.scratch, patches: pixels(p) * seen(p) * 4 },
    };
  },
};

/** Output channels whose products take as long as laying out the patches. */
const COPY_IN_CHANNELS = 60;

/** dkernel = patches(x)^T dy, and db the sums of dy's columns, which the product adds up on its way. */
export const conv2dKernelGradPatches: Variant<KernelGrad> = {
  name: 'patches',
  supports: (p, caps) => isSubgroup(caps) && !p.mask && p.cout % 4 === 0 && fits(p, caps),
  speed: (p, caps) => {
    if (!caps.software) return 0.5;
    // Beside kernels that walk along rows, and load a window anew for each: the shorter the rows, the more that costs them.
    // The patches' own copy is paid off by output channels. Both fitted to measurements on rows of 2 to 28 pixels.
    const rows = 1 + (p.kw - 1) / p.ow;
    const copying = p.cout / (p.cout + COPY_IN_CHANNELS);
    return 25 * rows * copying * fill(seen(p), 2 * caps.subgroupSize) * fill(p.cout, 4 * caps.subgroupSize);
  },
  plan: (p, caps): Plan => {
    const product = planTransposedProduct(
      {
        ...{ m: seen(p), n: p.cout, k: pixels(p), bias: p.db, accumulate: p.accumulate },
        ...{ from: ['x', 'dy'], into: ['dkernel', 'db'] },
      },
      caps,
    );
    return {
      dispatches: [
        copy('conv2d/patches', p, ['x', scratch(p, 'write')], pixels(p) * seen(p), caps),
        ...rebind(product, { x: scratch(p, 'read') }).dispatches,
      ],
      scratch: { ...product.scratch, patches: pixels(p) * seen(p) * 4 },
    };
  },
};
