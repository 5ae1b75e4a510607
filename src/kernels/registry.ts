import { binaryKernel } from './binary.ts';
import { copyKernel } from './copy.ts';
import { fillKernel } from './fill.ts';
import { matmulKernel } from './matmul.ts';
import type { KernelSpec } from './spec.ts';

/** Every kernel of the library: tests, profiler, tuner and benchmark walk this list. */
export const kernels = [binaryKernel, copyKernel, fillKernel, matmulKernel] as unknown as readonly KernelSpec[];
