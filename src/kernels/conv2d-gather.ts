import { type Conv2dGeometry, inputShape, kernelShape, outputShape } from './conv2d-geometry.ts';
import { foldGrid, gridFor } from './grid.ts';
import { type BindingRef, type Params, sizeOf, type Variant } from './spec.ts';
import { fill } from './subgroup.ts';

/** How one kernel presents itself to the shaders that gather (shaders/lib/conv_gather.wgsl): their uniform and bindings. */
export interface Gather {
  /** Result pixels [n, oh, ow] and channels. */
  readonly pixels: number;
  readonly channels: number;
  readonly uniform: readonly number[];
  /** source, y (mask), kernel, bias, out. */
  readonly bindings: readonly BindingRef[];
  /** Whether rows of source and kernel are whole quads, as those kernels want them that load by quads. */
  readonly quads: boolean;
  /** Values in the smaller of source and kernel. */
  readonly smallest: number;
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
    quads: p.cin % 4 === 0 && p.cout % 4 === 0,
    smallest: Math.min(sizeOf(inputShape(p)), sizeOf(kernelShape(p))),
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
    quads: p.cout % 4 === 0,
    smallest: Math.min(sizeOf(outputShape(p)), sizeOf(kernelShape(p))),
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

/** Register tiles of TM pixels x TN channels a thread. */
export function gatherRegisterTile<P extends Params>(
  gather: (p: P) => Gather,
  tm: number,
  tn: number,
  speed: Variant<P>['speed'],
): Variant<P> {
  return {
    name: `register_${tm}x${tn}`,
    supports: () => true,
    speed,
    plan: (p, caps) => {
      const { pixels, channels, uniform, bindings } = gather(p);
      const workgroups = foldGrid(Math.ceil(pixels / (8 * tm)) * Math.ceil(channels / (8 * tn)), caps);
      const constants = { TM: tm, TN: tn };
      return { dispatches: [{ shader: 'conv2d/register_tile', constants, uniform, bindings, workgroups }] };
    },
  };
}

/** Tiles in workgroup memory, 16 TM pixels x 64 channels. Source, mask and kernel are bound by quads too. */
export function gatherWorkgroupTile<P extends Params>(
  gather: (p: P) => Gather,
  tm: 4 | 8,
  speed: Variant<P>['speed'],
  shader: 'conv2d/workgroup_tile' | 'conv2d/workgroup_tile_f16' = 'conv2d/workgroup_tile',
): Variant<P> {
  return {
    name: `workgroup_${16 * tm}x64`,
    supports: (p, caps) =>
      caps.maxWorkgroupInvocations >= 256 && caps.workgroupBytes >= 4096 * (1 + tm / 4) && gather(p).smallest >= 4,
    speed,
    plan: (p, caps) => {
      const { pixels, channels, uniform, bindings, quads } = gather(p);
      return {
        dispatches: [
          {
            shader,
            constants: { TM: tm, QUADS: quads },
            uniform,
            bindings: [...bindings, ...bindings.slice(0, 3)],
            workgroups: foldGrid(Math.ceil(pixels / (16 * tm)) * Math.ceil(channels / 64), caps),
          },
        ],
      };
    },
  };
}

/** Part of the tiles that does something: a gradient of one channel leaves most of a tile idle. */
const useful = ({ pixels, channels }: Gather, rows: number, columns: number) =>
  fill(pixels, rows) * fill(channels, columns);

/**
 * The variants for any shape, from the plain one to the fastest on a GPU. Speeds where tiles are full: on lavapipe as
 * measured for 64x28x28 32->64 3x3; on GPUs estimates, of which only the order matters until a tuner has measured.
 */
export function gatherVariants<P extends Params>(gather: (p: P) => Gather): readonly Variant<P>[] {
  return [
    gatherPlain(gather),
    gatherRegisterTile(gather, 4, 4, p => 4 * useful(gather(p), 32, 32)),
    gatherWorkgroupTile(gather, 4, (p, caps) => (caps.software ? 2 : 12) * useful(gather(p), 64, 64)),
    // Half as many workgroups: only where there are still enough of them for every core of a large GPU.
    gatherWorkgroupTile(gather, 8, (p, caps) => {
      const { pixels, channels } = gather(p);
      const many = Math.ceil(pixels / 128) * Math.ceil(channels / 64) >= 512;
      return (caps.software ? 2.5 : many ? 14 : 8) * useful(gather(p), 128, 64);
    }),
  ];
}

/** The smaller tile in half the width, for the convolution itself: gradients may be too small for f16. */
export const forwardF16Tile: Variant<Conv2dGeometry & { bias: number; relu: number }> = {
  ...gatherWorkgroupTile(
    gatherForward,
    4,
    (p, caps) => (caps.software ? 1.8 : 13) * useful(gatherForward(p), 64, 64),
    'conv2d/workgroup_tile_f16',
  ),
  name: 'workgroup_64x64_f16',
  trades: 'f16',
  // Each factor is rounded to 11 bits, so a product is off by up to 2^-10; the bound of a single product is 8 * 2^-24.
  slack: 2 ** 11,
  supports: (p, caps) =>
    caps.f16 && caps.maxWorkgroupInvocations >= 256 && p.kh * p.kw * p.cin >= 16 && gatherForward(p).smallest >= 4,
};
