import type { Binding, Dispatch, Memory } from '../gpu/dispatch.ts';
import { ValueError } from '../platform/errors.ts';
import type { View } from './backend.ts';
import { byteLength, type Tensor } from './tensor.ts';

/** A step's dispatches, split by whether they have to run on every replay. */
export interface SplitStep {
  /** Those that read nothing but constants and one another's results, in their order: they run once. */
  readonly prepared: readonly Dispatch[];
  /** The rest, in their order. */
  readonly replayed: readonly Dispatch[];
}

/**
 * Finds the dispatches that compute the same on every replay as long as `constants` hold the same values: kernels of a
 * frozen net being laid out anew for the convolution that reads them, for example. Constancy goes by ranges of memory,
 * since the parameters of a model share one buffer.
 *
 * Nothing moves that writes memory from outside the step, or memory that a replayed dispatch writes too.
 *
 * @param intermediates memory that the step itself makes.
 * @param isBlank whether memory only stands in for a tensor that is absent.
 * @throws ValueError when the step writes to one of `constants`.
 */
export function splitConstant(
  dispatches: readonly Dispatch[],
  constants: readonly Tensor[],
  intermediates: ReadonlySet<Memory>,
  isBlank: (memory: Memory) => boolean,
): SplitStep {
  if (constants.length === 0) return { prepared: [], replayed: dispatches };
  refuseWritten(dispatches, constants);
  const isGiven = (binding: Binding) => constants.some(tensor => contains(tensor, binding));
  const writers = new Map<Memory, Dispatch[]>();
  for (const dispatch of dispatches) {
    for (const { memory } of writesOf(dispatch)) writers.set(memory, [...(writers.get(memory) ?? []), dispatch]);
  }
  const prepared = new Set(dispatches);
  const isPrepared = (memory: Memory) =>
    intermediates.has(memory) && (writers.get(memory) ?? []).every(writer => prepared.has(writer));
  // Demotes until nothing changes: a dispatch that has to be replayed takes along whoever reads its results or writes beside it.
  let before: number;
  do {
    before = prepared.size;
    for (const dispatch of prepared) {
      const reads = readsOf(dispatch).filter(({ memory }) => !isBlank(memory));
      const stays =
        reads.length > 0 &&
        reads.every(binding => isGiven(binding) || isPrepared(binding.memory)) &&
        writesOf(dispatch).every(({ memory }) => isBlank(memory) || isPrepared(memory));
      if (!stays) prepared.delete(dispatch);
    }
  } while (prepared.size < before);
  return { prepared: [...prepared], replayed: dispatches.filter(dispatch => !prepared.has(dispatch)) };
}

const readsOf = ({ bindings }: Dispatch) => bindings.filter(({ access }) => access !== 'write');
const writesOf = ({ bindings }: Dispatch) => bindings.filter(({ access }) => access === 'write');

const endOf = ({ offset, size, dtype }: View) => offset + byteLength([size], dtype);

function contains({ view }: Tensor, { memory, offset, bytes }: Binding): boolean {
  return memory === view.memory && offset >= view.offset && offset + bytes <= endOf(view);
}

function refuseWritten(dispatches: readonly Dispatch[], constants: readonly Tensor[]): void {
  for (const dispatch of dispatches) {
    for (const { memory, offset, bytes } of writesOf(dispatch)) {
      const written = constants.find(
        ({ view }) => memory === view.memory && offset < endOf(view) && view.offset < offset + bytes,
      );
      if (written) {
        throw new ValueError(
          `compile: ${written} is said to be constant, but kernel '${dispatch.source.label}' of the step writes to it; leave it out of 'constants'`,
        );
      }
    }
  }
}
