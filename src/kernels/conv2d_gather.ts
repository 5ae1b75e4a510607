import { type Conv2dGeometry, inputShape, outputShape } from './conv2d_geometry.ts';
import { gridFor } from './grid.ts';
import type { BindingRef, Params, Variant } from './spec.ts';

/** How one kernel presents itself to the shaders that gather (shaders/lib/conv_gather.wgsl): their uniform and bindings. */
export interface Gather {
  /** Result pixels [n, oh, ow] and channels. */
  readonly pixels: number;
  readonly channels: number;
  readonly uniform: readonly number[];
  /** source, y (mask), kernel, bias, out. */
  readonly bindings: readonly BindingRef[];
}

/** The convolution itself: strides move the window, each tap steps by the dilation. */
export function gatherForward(p: Conv2dGeometry & { bias: number; relu: number }): Gather {
  const [n, oh, ow, cout] = outputShape(p);
  return {
    pixels: n! * oh! * ow!,
    channels: cout!,
    uniform: [
      ...inputShape(p),
      ...[oh!, ow!, cout!, p.kh, p.kw],
      ...[p.strideH, p.strideW, p.dilationH, p.dilationW, -p.padTop, -p.padLeft, 1, 1],
      ...[p.cin * p.cout, p.cout, 1],
      ...[p.bias, p.relu, 0],
    ],
    // There is no mask: x takes its place.
    bindings: ['x', 'x', 'kernel', 'bias', 'y'],
  };
}

/**
 * The input gradient: what a tap took from an input pixel, the output pixel gives back through the same tap. So each
 * input pixel gathers from y, taps run backwards, and only every stride-th place counts.
 */
export function gatherInputGrad(p: Conv2dGeometry & { mask: number }): Gather {
  return {
    pixels: p.n * p.h * p.w,
    channels: p.cin,
    uniform: [
      ...outputShape(p),
      ...[p.h, p.w, p.cin, p.kh, p.kw],
      ...[1, 1, -p.dilationH, -p.dilationW, p.padTop, p.padLeft, p.strideH, p.strideW],
      ...[p.cin * p.cout, 1, p.cout],
      ...[0, 0, p.mask],
    ],
    // There is no bias: the kernel takes its place.
    bindings: ['dy', p.mask ? 'y' : 'dy', 'kernel', 'kernel', 'dx'],
  };
}

/** One thread a result. */
export function gatherPlain<P extends Params>(gather: (p: P) => Gather): Variant<P> {
  return {
    name: 'plain',
    supports: () => true,
    speed: () => 1,
    plan: (p, caps) => {
      const { pixels, channels, uniform, bindings } = gather(p);
      const workgroups = gridFor(pixels * channels, 64, caps);
      return { dispatches: [{ shader: 'conv2d/plain', uniform, bindings, workgroups }] };
    },
  };
}
