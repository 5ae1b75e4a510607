import { alignUp, type Capabilities } from '../gpu/capabilities.ts';
import type { Conv2dGeometry } from './conv2d-geometry.ts';
import { forwardProblem, inputGradProblem, type StrideOneProblem, stepsByOne } from './conv2d-stride-one.ts';
import { foldGrid, gridFor } from './grid.ts';
import type { Plan, PlannedDispatch, Variant } from './spec.ts';
import { isSubgroup } from './subgroup.ts';

// Winograd's minimal filtering F(M x M, 3 x 3) (Lavin and Gray, 2015): transforms of kernel and input, a product for each
// of the (M + 2)^2 positions of a tile, a transform of the products. shaders/lib/winograd.wgsl has the formulas.

/** Tiles of a workgroup of product_strip.wgsl. */
const STRIP_TILES = 16;
/** Of each of the two large intermediates, at most, unless a single image needs more. */
const SCRATCH_BYTES = 128 << 20;
/** Bytes of one uniform binding. */
const WINDOW_BYTES = 64 << 10;
/** Speed of the direct convolution's tiles in workgroup memory on a GPU (conv2d-gather.ts). */
const DIRECT_TILES = 14;
/** Below this the transforms cost more than is saved. */
const FEWEST_CHANNELS = 8;

/** How the products are computed: what rows and channels are padded to, and who multiplies. */
interface Product {
  /** Tiles in one workgroup. */
  readonly rows: number;
  readonly summed: number;
  readonly out: number;
  /** Channels that come out in one block of the transformed kernel. */
  readonly blockOf: (paddedOut: number) => number;
  /** Multiples of the plain variant's speed. */
  readonly speed: (s: StrideOneProblem, m: number, tiles: number, sizes: Sizes) => number;
  readonly plan: (s: Sizes, caps: Capabilities) => PlannedDispatch[];
}

/** Everything that is padded. */
interface Sizes {
  readonly positions: number;
  /** Tiles from position to position. */
  readonly stride: number;
  readonly summed: number;
  readonly out: number;
}

/**
 * Nanoseconds that one subgroup of lavapipe takes on an AVX2 host for a load or store of a scalar or a vec4 a lane, a load
 * of a vec4 from a uniform buffer, a multiply-add of vec4s, and a broadcast. The plain variant computes an operation in
 * two of them.
 */
const COST = { scalar: 20, vec4: 61, uniform: 24, multiply: 1.6, broadcast: 1 };
const PLAIN = 0.5;

/** What the tiles cost by the loads, stores and operations in the three shaders, against the plain variant. */
const stripSpeed =
  (lanes: number, quads: number): Product['speed'] =>
  (s, m, tiles, { positions, summed, out }) => {
    const [groups, blocks] = [summed / lanes, out / (4 * lanes)];
    const input = positions * groups * 2 * COST.scalar;
    const turn = quads * COST.uniform + STRIP_TILES * (COST.broadcast + quads * COST.multiply);
    const strip = (STRIP_TILES / 4) * COST.vec4 + lanes * turn;
    const products = positions * blocks * ((groups * strip) / (quads * STRIP_TILES) + 2 * COST.vec4);
    const output = blocks * m * m * 4 * COST.scalar;
    const operations = 2 * 9 * s.cin * s.cout * s.n * s.oh * s.ow;
    return operations / (tiles * (input + products + output)) / PLAIN;
  };

/** A subgroup a workgroup, `quads` vec4s of channels a lane, the transformed kernel through uniform buffers. */
const strips = (lanes: number, quads: 1 | 2): Product => ({
  ...{ rows: STRIP_TILES, summed: lanes, out: 4 * lanes * quads, blockOf: () => 4 * lanes * quads },
  speed: stripSpeed(lanes, quads),
  plan: ({ positions, stride, summed, out }, caps) => {
    const bytesOfK = 16 * lanes * quads;
    const inWindow = Math.floor(WINDOW_BYTES / bytesOfK);
    const perDispatch = Math.max(1, Math.floor(inWindow / summed));
    const dispatches: PlannedDispatch[] = [];
    for (let block = 0; block * 4 * lanes * quads < out; block++) {
      for (let position = 0; position < positions; position += perDispatch) {
        const count = Math.min(perDispatch, positions - position);
        for (let k = 0; k < summed; k += inWindow) {
          const offset = ((block * positions + position) * summed + k) * bytesOfK;
          dispatches.push({
            shader: 'winograd/product_strip',
            constants: { SG: lanes, QUADS: quads },
            uniform: [
              ...[stride, summed, out / 4, position, count],
              ...[k, Math.min(inWindow, summed - k) / lanes, block * lanes * quads, Number(k > 0)],
            ],
            bindings: [
              { name: 'inputs', as: 'read' },
              { name: 'kernels', as: 'uniform', offset, bytes: WINDOW_BYTES },
              { name: 'products', as: 'write' },
            ],
            workgroups: foldGrid((stride / STRIP_TILES) * count, caps),
          });
        }
      }
    }
    return dispatches;
  },
});

/** Tiles of both factors in workgroup memory. */
const TILES: Product = {
  ...{ rows: 64, summed: 16, out: 64, blockOf: out => out },
  // An estimate: half of what fewer products would save, for the ways through memory between the three shaders.
  speed: (s, m, tiles, { summed, out }) => {
    const useful = (s.n * s.oh * s.ow * s.cin * s.cout) / (tiles * m * m * summed * out);
    return (DIRECT_TILES / 2) * ((9 * m * m) / (m + 2) ** 2) * useful;
  },
  plan: ({ positions, stride, summed, out }, caps) => [
    {
      shader: 'winograd/product_tile',
      uniform: [stride, summed / 16, out / 4, positions],
      bindings: [
        { name: 'inputs', as: 'read' },
        { name: 'kernels', as: 'read' },
        { name: 'products', as: 'write' },
      ],
      workgroups: foldGrid((positions * stride * out) / (64 * 64), caps),
    },
  ],
};

function productFor(s: StrideOneProblem, caps: Capabilities): Product {
  const lanes = caps.subgroupSize;
  if (!caps.software || !isSubgroup(caps) || caps.maxUniformBytes < WINDOW_BYTES || s.cout % 4 !== 0) return TILES;
  return strips(lanes, alignUp(s.cout, 8 * lanes) === alignUp(s.cout, 4 * lanes) ? 2 : 1);
}

/** Images in one part (taken in parts, scratch memory stays small), tiles of one image, and padded sizes of a full part. */
function layOut(s: StrideOneProblem, m: number, product: Product, caps: Capabilities) {
  const tileRows = Math.ceil(s.oh / m);
  const tileColumns = Math.ceil(s.ow / m);
  const positions = (m + 2) ** 2;
  const summed = alignUp(s.cin, product.summed);
  const out = alignUp(s.cout, product.out);
  const bytesOfTile = 4 * positions * Math.max(summed, out);
  const bytesOf = (images: number) => bytesOfTile * alignUp(images * tileRows * tileColumns, product.rows);
  const kernels = 4 * positions * summed * out;
  const most = Math.min(SCRATCH_BYTES, caps.maxBindingBytes);
  let parts = 1;
  while (parts < s.n && bytesOf(Math.ceil(s.n / parts)) > most) parts++;
  const images = Math.ceil(s.n / parts);
  const fits = Math.max(bytesOf(images), kernels) <= caps.maxBindingBytes;
  const stride = alignUp(images * tileRows * tileColumns, product.rows);
  return { tileRows, tileColumns, images, fits, sizes: { positions, summed, out, stride } };
}

function plan(s: StrideOneProblem, m: number, caps: Capabilities): Plan {
  const product = productFor(s, caps);
  const { tileRows, tileColumns, images, sizes } = layOut(s, m, product, caps);
  const { positions, summed, out, stride } = sizes;
  const block = product.blockOf(out);
  const kernels = {
    shader: 'winograd/kernel',
    constants: { M: m, FLIP: Number(s.flip), CB: block },
    uniform: [s.cin, s.cout, summed, out / block],
    bindings: ['kernel', { name: 'kernels', as: 'write' }],
    workgroups: gridFor((summed * out) / 4, 64, caps),
    work: 0,
  } as const;
  const dispatches: PlannedDispatch[] = [kernels];
  for (let first = 0; first < s.n; first += images) {
    const tiles = Math.min(images, s.n - first) * tileRows * tileColumns;
    const place = [first, tiles, tileRows, tileColumns];
    dispatches.push(
      {
        shader: 'winograd/input',
        constants: { M: m },
        uniform: [s.h, s.w, s.cin, ...place, s.padTop, s.padLeft, summed, stride, Number(s.mask !== undefined)],
        bindings: [s.from, s.mask ?? s.from, { name: 'inputs', as: 'write' }],
        workgroups: gridFor(alignUp(tiles, 4) * summed, 64, caps),
        work: 0,
      },
      ...product.plan(sizes, caps),
      {
        shader: 'winograd/output',
        constants: { M: m },
        uniform: [s.oh, s.ow, s.cout, ...place, stride, out / 4, s.bias, s.relu],
        bindings: [{ name: 'products', as: 'read' }, s.bias ? 'bias' : 'kernel', s.to],
        workgroups: gridFor(tiles * Math.ceil(s.cout / 4), 64, caps),
        work: 0,
      },
    );
  }
  return {
    dispatches,
    scratch: {
      // The last window reaches beyond what is written.
      kernels: 4 * positions * summed * out + WINDOW_BYTES,
      inputs: 4 * positions * stride * summed,
      products: 4 * positions * stride * out,
    },
  };
}

function winograd<P extends Conv2dGeometry>(
  m: number,
  ofLargest: number,
  problem: (p: P) => StrideOneProblem,
): Variant<P> {
  return {
    name: `winograd_${m}x${m}`,
    trades: 'winograd',
    slack: { ofLargest },
    supports: (p, caps) => {
      if (!stepsByOne(p) || p.kh !== 3 || p.kw !== 3) return false;
      const s = problem(p);
      if (s.cin < FEWEST_CHANNELS || s.cout < FEWEST_CHANNELS) return false;
      const product = productFor(s, caps);
      if (product === TILES && (caps.maxWorkgroupInvocations < 256 || caps.workgroupBytes < 8192)) return false;
      return layOut(s, m, product, caps).fits;
    },
    speed: (p, caps) => {
      const s = problem(p);
      const product = productFor(s, caps);
      const { images, sizes } = layOut(s, m, product, caps);
      const speed = product.speed(s, m, Math.ceil(s.n / images) * sizes.stride, sizes);
      // A software adapter keeps workgroup memory in RAM.
      return caps.software && product === TILES ? speed / 6 : speed;
    },
    plan: (p, caps) => plan(problem(p), m, caps),
  };
}

/** Errors are 0.05 and 0.5 of the kernel's tolerance for the largest sum, over 300 random shapes (`npm run rounding`). */
const variants = <P extends Conv2dGeometry>(problem: (p: P) => StrideOneProblem): readonly Variant<P>[] => [
  winograd(2, 1, problem),
  winograd(4, 4, problem),
];

export const conv2dWinograd = variants(forwardProblem);
export const conv2dInputGradWinograd = variants(inputGradProblem);
