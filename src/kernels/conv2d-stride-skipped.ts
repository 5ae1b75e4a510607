import type { Capabilities } from '../gpu/capabilities.ts';
import { type Conv2dGeometry, inputShape, outputShape } from './conv2d-geometry.ts';
import { conv2dInputGradProduct, conv2dProduct } from './conv2d-product.ts';
import { conv2dInputGradStationary, conv2dStationary } from './conv2d-stationary.ts';
import { gridFor } from './grid.ts';
import { rebind } from './rebind.ts';
import { type BindingRef, type Plan, type PlannedDispatch, type Shape, sizeOf, type Variant } from './spec.ts';

// Strided convolutions by the kernels for stride 1, which on software adapters are so much faster that they may compute
// what nobody asked for: with stride 2, four results where one is wanted. With a single tap nothing is computed in vain,
// since the pixels that count are picked first.

type Forward = Conv2dGeometry & { bias: number; relu: number };
type InputGrad = Conv2dGeometry & { mask: number };

const isStrided = (p: Conv2dGeometry) =>
  p.strideH * p.strideW > 1 && p.dilationH === 1 && p.dilationW === 1 && p.cin % 4 === 0 && p.cout % 4 === 0;
const hasOneTap = (p: Conv2dGeometry) => p.kh * p.kw === 1 && p.padTop === 0 && p.padLeft === 0;

/** The convolution with stride 1 of whose results [n, oh, ow] every stride-th is one of p's. */
const everyPixel = <P extends Conv2dGeometry>(p: P): P => ({
  ...p,
  ...{ strideH: 1, strideW: 1, oh: (p.oh - 1) * p.strideH + 1, ow: (p.ow - 1) * p.strideW + 1 },
});

/** With a single tap: the convolution of the pixels that count. */
const pickedPixels = <P extends Conv2dGeometry>(p: P): P => ({ ...p, strideH: 1, strideW: 1, h: p.oh, w: p.ow });

/** Copies between `large` [n, h, w, c], and `small` [n, oh, ow, c], its every stride-th pixel. */
function copyPixels(
  p: Conv2dGeometry,
  large: { readonly shape: Shape; readonly bindings: readonly BindingRef[] },
  small: Shape,
  spread: boolean,
  mask: number,
  caps: Capabilities,
): PlannedDispatch {
  const [n, h, w, c] = large.shape;
  const [, oh, ow] = small;
  return {
    shader: spread ? 'conv2d/spread_pixels' : 'conv2d/pick_pixels',
    uniform: [n!, h!, w!, oh!, ow!, c! / 4, p.strideH, p.strideW, mask],
    bindings: large.bindings,
    workgroups: gridFor(sizeOf(spread ? large.shape : small) / 4, 64, caps),
    work: 0,
  };
}

/** A scratch buffer between two passes. */
function between(shape: Shape): { bytes: number; as: (use: 'read' | 'write') => BindingRef } {
  const bytes = sizeOf(shape) * 4;
  return { bytes, as: use => ({ name: 'pixels', as: use, bytes }) };
}

/** Bounds of the division in the shaders, and of a binding. */
const fits = (shape: Shape, caps: Capabilities) =>
  sizeOf(shape) * 4 <= caps.maxBindingBytes && sizeOf(shape) / 4 < 2 ** 22;

/** What is left of the speed when a part of the results is thrown away, and pixels are copied. */
const COPYING = 0.9;
const share = (p: Conv2dGeometry) => (p.oh * p.ow) / (everyPixel(p).oh * everyPixel(p).ow);

/** conv with stride 1, then every stride-th pixel of its result; with a single tap the other way round. */
export const conv2dStrideSkipped: Variant<Forward> = {
  name: 'stride_skipped',
  supports: (p, caps) => {
    if (!isStrided(p) || !fits(inputShape(p), caps)) return false;
    if (hasOneTap(p)) return conv2dProduct.supports(pickedPixels(p), caps);
    const dense = everyPixel(p);
    return fits(outputShape(dense), caps) && conv2dStationary.supports(dense, caps);
  },
  speed: (p, caps) =>
    COPYING *
    (hasOneTap(p)
      ? conv2dProduct.speed(pickedPixels(p), caps)
      : share(p) * conv2dStationary.speed(everyPixel(p), caps)),
  plan: (p, caps): Plan => {
    if (hasOneTap(p)) {
      const picked = pickedPixels(p);
      const pixels = between(inputShape(picked));
      const large = { shape: inputShape(p), bindings: ['x', pixels.as('write')] };
      const product = rebind(conv2dProduct.plan(picked, caps), { x: pixels.as('read') });
      return {
        dispatches: [copyPixels(p, large, inputShape(picked), false, 0, caps), ...product.dispatches],
        scratch: { ...product.scratch, pixels: pixels.bytes },
      };
    }
    const dense = everyPixel(p);
    const pixels = between(outputShape(dense));
    const convolution = rebind(conv2dStationary.plan(dense, caps), { y: pixels.as('write') });
    const large = { shape: outputShape(dense), bindings: [pixels.as('read'), 'y'] };
    return {
      dispatches: [...convolution.dispatches, copyPixels(p, large, outputShape(p), false, 0, caps)],
      scratch: { ...convolution.scratch, pixels: pixels.bytes },
    };
  },
};

/** dy with its pixels pulled apart, then the gradient with stride 1; with a single tap the other way round. */
export const conv2dInputGradStrideSkipped: Variant<InputGrad> = {
  name: 'stride_skipped',
  supports: (p, caps) => {
    if (!isStrided(p) || !fits(inputShape(p), caps)) return false;
    if (hasOneTap(p)) return conv2dInputGradProduct.supports(pickedPixels(p), caps);
    const dense = everyPixel({ ...p, mask: 0 });
    return fits(outputShape(dense), caps) && conv2dInputGradStationary.supports(dense, caps);
  },
  speed: (p, caps) =>
    COPYING *
    (hasOneTap(p)
      ? conv2dInputGradProduct.speed(pickedPixels(p), caps)
      : share(p) * conv2dInputGradStationary.speed(everyPixel({ ...p, mask: 0 }), caps)),
  plan: (p, caps): Plan => {
    if (hasOneTap(p)) {
      const picked = pickedPixels(p);
      const pixels = between(inputShape(picked));
      const product = rebind(conv2dInputGradProduct.plan(picked, caps), { dx: pixels.as('write') });
      const large = { shape: inputShape(p), bindings: [pixels.as('read'), pixels.as('read'), 'dx'] };
      return {
        dispatches: [...product.dispatches, copyPixels(p, large, inputShape(picked), true, 0, caps)],
        scratch: { ...product.scratch, pixels: pixels.bytes },
      };
    }
    const dense = everyPixel({ ...p, mask: 0 });
    const pixels = between(outputShape(dense));
    const large = { shape: outputShape(dense), bindings: ['dy', p.mask ? 'y' : 'dy', pixels.as('write')] };
    const gradient = rebind(conv2dInputGradStationary.plan(dense, caps), { dy: pixels.as('read') });
    return {
      dispatches: [copyPixels(p, large, outputShape(p), true, p.mask, caps), ...gradient.dispatches],
      scratch: { ...gradient.scratch, pixels: pixels.bytes },
    };
  },
};
