import { binaryKernel, binaryParams } from '../../kernels/binary.ts';
import type { Tensor } from '../tensor.ts';

/** a + b of one shape, written to `into` if given; not on the tape. For sums of gradients. */
export function addInto(a: Tensor, b: Tensor, into?: Tensor): Tensor {
  const p = binaryParams('add', [a.size], [b.size], [a.size]);
  const { out } = a.engine.run(binaryKernel, p, { a, b }, { out: into });
  return into ?? a.engine.alias(out!, a.shape);
}
