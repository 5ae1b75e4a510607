import { ValueError } from '../platform/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The values that a tensor of a compiled step has after the latest `run`, also when more runs follow before the promise
 * settles: the copy takes its place in the queue now. `Tensor.data` may take it later.
 */
export async function peek(tensor: Tensor): Promise<Float32Array | Uint32Array> {
  const { memory, offset, size, dtype } = tensor.view;
  if (!memory.buffer || dtype === 'u8') throw new ValueError(`peek: ${tensor} has no values of 32 bits to read`);
  const bytes = await tensor.engine.gpu.device.read(memory.buffer, memory.start + offset, 4 * size);
  return dtype === 'f32' ? new Float32Array(bytes) : new Uint32Array(bytes);
}
