import { ShapeError, ValueError } from '../platform/errors.ts';
import { addInto } from './ops/binary.ts';
import type { Tensor } from './tensor.ts';

/** What an op's backward is told. */
export interface Upstream {
  /** Gradient of the differentiated value with respect to the op's output, of the output's shape. */
  readonly dy: Tensor;
  /**
   * True when `dy` is the constant 1 that differentiation starts from: an op whose gradient was already computed by its
   * forward kernel (a fused loss) need not multiply by it.
   */
  readonly seed: boolean;
  /** Which inputs want a gradient. Others may be left out. */
  readonly needs: readonly boolean[];
  /** Where the gradient of an input shall be written, if its place is fixed (flat parameter gradients). */
  readonly into: readonly (Tensor | undefined)[];
}

/** One gradient for each input; a falsy value for those that were not needed. */
export type Backward = (upstream: Upstream) => readonly (Tensor | undefined | false)[];

/** One op on the tape: what it was computed from, and how its gradient flows back. */
export interface Node {
  readonly op: string;
  /** Ops are numbered as they run; an op's inputs have smaller numbers. */
  readonly order: number;
  /** Name of the layer that it was run for; '' for none. */
  readonly layer: string;
  readonly inputs: readonly Tensor[];
  readonly backward: Backward;
}

export interface GradientOptions {
  readonly into?: readonly (Tensor | undefined)[];
  readonly dy?: Tensor;
  readonly hooks?: ReadonlyMap<Tensor, (gradient: Tensor) => Tensor>;
}

/**
 * Gradients of a scalar with respect to any tensors it was computed from, by reverse accumulation over the tape.
 *
 * @param y the scalar (one element) to differentiate.
 * @param xs tensors marked by `watch()` or computed from such.
 * @param options.into tensors that shall receive the gradients, for each x; else new ones are made.
 * @param options.dy gradient to start from, of y's shape (then y need not be a scalar). Default: 1.
 * @param options.hooks for some of the tensors in between, what flows on from there in place of their gradient, made from
 *   it: rules of propagation that are no derivatives need no ops of their own.
 * @returns one gradient for each x; undefined where y does not depend on it.
 * @throws ShapeError when y is not a scalar and no `dy` is given, or one of another shape; ValueError when y was computed without a tape.
 */
export function gradients(y: Tensor, xs: readonly Tensor[], options: GradientOptions = {}): (Tensor | undefined)[] {
  const { engine } = y;
  if (!options.dy && y.size !== 1) {
    throw new ShapeError(`gradients: ${y} is not a scalar; sum it, or pass the gradient to start from as 'dy'`);
  }
  if (options.dy && options.dy.shape.join() !== y.shape.join()) {
    throw new ShapeError(`gradients: 'dy' is ${options.dy}, it must have the shape of ${y}`);
  }
  if (!y.tracked) {
    throw new ValueError(
      `gradients: ${y} does not depend on any tensor that is watched; call watch() on the inputs first`,
    );
  }
  return engine.noGrad(() => {
    const into = new Map(xs.map((x, i) => [x, options.into?.[i]]));
    const nodes = nodesBetween(y, into);
    const uses = countUses(nodes);
    const wanted = new Set([...xs, ...nodes.map(step => step.output)]);
    const seed = options.dy ?? engine.full(y.shape, 1);
    const grads = new Map<Tensor, Tensor>([[y, seed]]);

    for (const { node, output } of nodes) {
      const arrived = grads.get(output);
      if (!arrived) continue;
      if (!into.has(output)) grads.delete(output);
      // All that flows into a tensor has arrived before the op that made it is reached.
      const dy = options.hooks?.get(output)?.(arrived) ?? arrived;
      const needs = node.inputs.map(input => wanted.has(input));
      // Only a tensor that is used once can have its gradient written in place; a sum goes there at its last addition.
      const places = node.inputs.map(input => (uses.get(input) === 1 ? into.get(input) : undefined));
      engine.within(node.layer, () => {
        const found = node.backward({ dy, seed: dy === seed && !options.dy, needs, into: places });
        node.inputs.forEach((input, i) => {
          const grad = found[i];
          if (!needs[i] || !grad) return;
          const left = (uses.get(input) ?? 1) - 1;
          uses.set(input, left);
          const sum = grads.get(input);
          if (!sum) grads.set(input, grad);
          else grads.set(input, addInto(sum, grad, left === 0 ? into.get(input) : undefined));
        });
      });
    }
    return xs.map((x, i) => settle(grads.get(x), options.into?.[i]));
  });
}

/** A gradient that ended up elsewhere (an op that ignored `into`, the seed itself) is copied to its place. */
function settle(grad: Tensor | undefined, place: Tensor | undefined): Tensor | undefined {
  if (!place || !grad) return grad;
  const same = grad.storage.memory === place.storage.memory && grad.offset === place.offset;
  return same ? place : grad.engine.copy(grad, place);
}

interface Step {
  readonly node: Node;
  readonly output: Tensor;
}

/** The ops from y down to the xs, last first. A node's number is larger than those of all it depends on. */
function nodesBetween(y: Tensor, xs: ReadonlyMap<Tensor, unknown>): Step[] {
  const found = new Map<Tensor, boolean>();
  const steps: Step[] = [];
  // Depth first without recursion: graphs can be thousands of ops deep.
  const stack: { tensor: Tensor; entered: boolean }[] = [{ tensor: y, entered: false }];
  while (stack.length > 0) {
    const frame = stack[stack.length - 1]!;
    const { tensor } = frame;
    if (found.has(tensor)) {
      stack.pop();
      continue;
    }
    if (!frame.entered) {
      frame.entered = true;
      for (const input of tensor.node?.inputs ?? []) {
        if (input.tracked && !found.has(input)) stack.push({ tensor: input, entered: false });
      }
      continue;
    }
    stack.pop();
    const leads = tensor.node?.inputs.some(input => found.get(input)) ?? false;
    if (leads) steps.push({ node: tensor.node!, output: tensor });
    found.set(tensor, leads || xs.has(tensor));
  }
  return steps.sort((a, b) => b.node.order - a.node.order);
}

function countUses(steps: readonly Step[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  for (const { node } of steps) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  return uses;
}
