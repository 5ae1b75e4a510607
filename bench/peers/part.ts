import { flopsOf } from '../counts.ts';
import type { Case } from '../suites.ts';
import type { PeerEntry } from './registry.ts';

/** Contenders for which a call of so many operations is not waited for: they compute on one core, in JavaScript or nearly so. */
const SINGLE_CORE = ['tfjs-cpu', 'jax-wasm'];
const SINGLE_CORE_FLOPS = 3e8;

/** Suites in which weft is shown untuned and tuned too. */
const SHOW_TUNING = ['matmul', 'conv', 'conv-cnn', 'steps'];

/** Why a contender takes no part in a case by itself; undefined where it does. */
export function whyNot(work: Case, { name, kind, traded, python }: PeerEntry): string | undefined {
  const { op, suite } = work;
  const network = 'model' in work.shape;
  if (SINGLE_CORE.includes(name) && (network || flopsOf(work) > SINGLE_CORE_FLOPS)) return 'too slow to be waited for';
  const tuning = name === 'weft-untuned' || name === 'weft-tuned';
  if (tuning && !SHOW_TUNING.includes(suite)) return `only in the suites ${SHOW_TUNING.join(', ')}`;
  const native = python === true || name === 'tfjs-node';
  if (op === 'epoch' && kind !== 'weft' && !native) return 'epochs are compared with native libraries';
  const plain = !traded && name !== 'tfjs-webgpu-flags' && kind !== 'wasm' && name !== 'tfjs-node';
  if ((op === 'startup' || op === 'memory' || work.curve) && !plain)
    return 'this suite compares weft with defaults only';
  return undefined;
}
