import { UNARY_NAMES, unaryGradKernel } from '../../kernels/unary.ts';
import type { Tensor } from '../tensor.ts';

/** What an op can fuse behind its result. */
export type FusedActivation = 'relu';

/** A gradient that kernels may take as it is (`y` undefined), or must count only where `y` is positive. */
export interface MaskedGradient {
  readonly dy: Tensor;
  readonly y: Tensor | undefined;
}

/** dy of what stood before a fused activation, from the activation's own result y: one dispatch. */
export function unfuse(dy: Tensor, y: Tensor, activation: FusedActivation | undefined): Tensor {
  if (!activation) return dy;
  const p = { size: dy.size, fn: UNARY_NAMES.indexOf(activation), alpha: 0, beta: 0 };
  return dy.engine.run(unaryGradKernel, p, { saved: y, dy }).out!;
}

/**
 * The same for kernels that can mask as they load. On a GPU that is cheaper: y is read along with dy, and nothing is
 * written. A software adapter pays for each load, and convolutions load a value many times: there dy is masked once.
 */
export function unfuseInLoads(dy: Tensor, y: Tensor, activation: FusedActivation | undefined): MaskedGradient {
  if (!activation) return { dy, y: undefined };
  if (dy.engine.caps.software) return { dy: unfuse(dy, y, activation), y: undefined };
  return { dy, y };
}
