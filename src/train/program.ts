import { sha256 } from '../data/dataset.ts';
import type { Memory } from '../gpu/dispatch.ts';
import type { CompiledStep } from '../tensor/compile.ts';

/**
 * SHA-256 of everything the device is told to do in these steps, dispatch by dispatch: WGSL with its constants, contents
 * of the uniform, workgroups, and which range of which tensor each binding is. Two programs of one hash give the same
 * bits on one adapter, whatever else of the sources has changed; a kernel that adds in another order has another hash.
 */
export async function hashProgram(steps: readonly CompiledStep<unknown>[]): Promise<string> {
  const codes = new Numbering<string>();
  const memories = new Numbering<Memory>();
  const program = steps.map(({ prepared, work }) =>
    [...prepared, ...work].map(({ dispatch: { source, uniform, bindings, workgroups } }) => [
      codes.of(source.code),
      Array.from(new Uint8Array(uniform)),
      workgroups,
      // By the order in which they come up: labels and addresses say nothing about the result.
      bindings.map(({ memory, offset, bytes, access }) => [memories.of(memory), offset, bytes, access]),
    ]),
  );
  return await sha256(new TextEncoder().encode(JSON.stringify({ codes: codes.all(), program })));
}

/** Numbers things in the order in which they come up. */
class Numbering<T> {
  private readonly numbers = new Map<T, number>();

  of(thing: T): number {
    const number = this.numbers.get(thing) ?? this.numbers.size;
    this.numbers.set(thing, number);
    return number;
  }

  all(): T[] {
    return [...this.numbers.keys()];
  }
}
