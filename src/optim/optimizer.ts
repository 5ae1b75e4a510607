import { BLOCK } from '../kernels/flat.ts';
import { squaredNormKernel } from '../kernels/squared-norm.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What an optimizer remembers: flat tensors of the parameters' layout by name. A plain tree, saved and restored as it is. */
export type OptimizerState = Readonly<Record<string, Tensor>>;

/** What an update reads and writes: flat tensors with one value a parameter, in blocks of 64. */
export interface UpdateInputs {
  /** Changed in place. */
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** Changed in place. */
  readonly state: OptimizerState;
  /**
   * f32 [blocks, 2]: learning-rate scale and weight-decay factor of each block of 64 parameters. Scale 0 freezes it: its
   * parameters and state stay, its gradients count neither in the norm nor for `notFinite`.
   */
  readonly segments: Tensor;
  /** u32 [1]: set to 1, and never back, when a gradient is NaN or infinite. */
  readonly notFinite: Tensor;
  /** Scales the gradients so that their norm is at most `maxNorm`; put there by {@link clipByGlobalNorm}. */
  readonly clip?: { readonly squaredNorm: Tensor; readonly maxNorm: number };
}

/**
 * A rule for moving parameters, as a pair of functions without hidden state (like optax). One update is one dispatch for
 * all parameters. Learning rate and step number (from 1) are those of the engine's step.
 */
export interface Optimizer {
  readonly name: string;
  /** Its settings, to be printed and kept with a run. */
  readonly config: Readonly<Record<string, number | boolean>>;
  /** State for the first step. The caller disposes of its tensors. Not inside a compiled step. */
  init(parameters: Tensor): OptimizerState;
  update(inputs: UpdateInputs): void;
}

/** What all update kernels are given, from the inputs of an update and the weight decay. */
export function flatCall(inputs: UpdateInputs, weightDecay: number) {
  const { parameters, gradients, segments, notFinite, clip } = inputs;
  return {
    p: { blocks: blocksOf(parameters), decay: weightDecay, maxNorm: clip?.maxNorm ?? 0 },
    tensors: { parameters, gradients, segments, notFinite, squaredNorm: clip?.squaredNorm },
  };
}

/** Zeros of the parameters' layout, for each name. */
export function zeroState(parameters: Tensor, names: readonly string[]): OptimizerState {
  const { engine } = parameters;
  return Object.fromEntries(
    names.map(name => [name, engine.keep(engine.zeros(parameters.shape, `optimizer ${name}`))]),
  );
}

/** Blocks of a flat tensor. @throws ShapeError when it does not consist of whole blocks. */
export function blocksOf(flat: Tensor): number {
  if (flat.size % BLOCK !== 0) {
    throw new ShapeError(`optimizer: ${flat} must be flat, with a size that is a multiple of ${BLOCK}`);
  }
  return flat.size / BLOCK;
}

/** @throws ValueError naming the setting unless low <= value < high. */
export function checkRange(optimizer: string, setting: string, value: number, low: number, high: number): void {
  if (!(value >= low && value < high)) {
    const range = high === Number.POSITIVE_INFINITY ? `at least ${low}` : `at least ${low} and below ${high}`;
    throw new ValueError(`${optimizer}: ${setting} is ${value}, it must be ${range}`);
  }
}

/** Scalar: the sum of the squares of all gradients that are not frozen, added up in a fixed order. */
export function squaredGradientNorm(gradients: Tensor, segments: Tensor): Tensor {
  const p = { blocks: blocksOf(gradients), accumulate: 0 };
  return gradients.engine.run(squaredNormKernel, p, { gradients, segments }).squaredNorm!;
}

/**
 * The same optimizer on gradients g min(1, maxNorm / |g|), |g| the norm of all gradients together (Pascanu et al., 2013).
 * @throws ValueError unless maxNorm > 0.
 */
export function clipByGlobalNorm(optimizer: Optimizer, maxNorm: number): Optimizer {
  if (!(maxNorm > 0)) throw new ValueError(`clipByGlobalNorm: maxNorm is ${maxNorm}, it must be positive`);
  return {
    ...optimizer,
    config: { ...optimizer.config, maxNorm },
    update: inputs => {
      const squaredNorm = squaredGradientNorm(inputs.gradients, inputs.segments);
      optimizer.update({ ...inputs, clip: { squaredNorm, maxNorm } });
    },
  };
}
