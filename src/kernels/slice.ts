import { ALIGNMENT, type Capabilities } from '../gpu/capabilities.ts';
import { LimitError } from '../platform/errors.ts';
import { BYTES_PER_ELEMENT, describeParams, type KernelSpec, type Params, sizeOf } from './spec.ts';

export interface Slice<P extends Params> {
  readonly p: P;
  /** Byte offset of each sliced tensor from its own start; tensors not named are seen whole. */
  readonly offsets: Readonly<Record<string, number>>;
}

/**
 * Cuts a call whose tensors exceed one binding into calls that fit, along the first axis. Cuts fall where every sliced
 * tensor's offset is a multiple of 256 bytes.
 * @throws LimitError when a tensor that has no such axis is too large.
 */
export function sliceCall<P extends Params>(spec: KernelSpec<P>, p: P, caps: Capabilities): readonly Slice<P>[] {
  const limit = caps.maxBindingBytes;
  const rule = spec.slice?.(p);
  const rowBytes: Record<string, number> = {};
  const count = rule ? p[rule.param]! : 0;
  let largest = 0;
  for (const [name, tensor] of Object.entries(spec.tensors)) {
    const shape = tensor.shape(p);
    if (!shape) continue;
    const bytes = sizeOf(shape) * BYTES_PER_ELEMENT[tensor.dtype ?? 'f32'];
    const rows = typeof tensor.rows === 'function' ? tensor.rows(p) : tensor.rows;
    if (rows && count > 0) {
      rowBytes[name] = bytes / count;
      largest = Math.max(largest, bytes);
    } else if (bytes > limit) {
      throw new LimitError(
        `kernel '${spec.name}': tensor '${name}' [${shape.join(', ')}] takes ${bytes} bytes, one binding holds ${limit}, and it cannot be cut along its first axis; use smaller layers or a smaller batch`,
      );
    }
  }
  if (largest <= limit) return [{ p, offsets: {} }];

  const sizes = Object.values(rowBytes);
  const grain = sizes.reduce((rows, bytes) => lcm(rows, ALIGNMENT / gcd(ALIGNMENT, bytes)), 1);
  const rowsPerSlice = Math.floor(limit / Math.max(...sizes) / grain) * grain;
  if (rowsPerSlice === 0) {
    throw new LimitError(
      `kernel '${spec.name}' (${describeParams(p)}): ${grain} rows of ${Math.max(...sizes)} bytes exceed one binding of ${limit}; use smaller images or layers`,
    );
  }
  const { param, base, accumulate } = rule!;
  const slices: Slice<P>[] = [];
  for (let start = 0; start < count; start += rowsPerSlice) {
    const part: Record<string, number> = { ...p, [param]: Math.min(rowsPerSlice, count - start) };
    if (base) part[base] = p[base]! + start;
    if (accumulate && start > 0) part[accumulate] = 1;
    const offsets = Object.fromEntries(Object.entries(rowBytes).map(([name, bytes]) => [name, bytes * start]));
    slices.push({ p: part as P, offsets });
  }
  return slices;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function lcm(a: number, b: number): number {
  return (a / gcd(a, b)) * b;
}
