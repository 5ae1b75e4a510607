import { describeAdapter } from '../src/gpu/capabilities.ts';
import { Engine } from '../src/index.ts';
import { openGpu } from '../src/platform/browser.ts';

/**
 * Floating-point operations that are submitted together at most. A longer submission would hold up the frames of the page: some
 * 20 ms of a processor that plays the GPU (`npm run lab:frames`).
 */
const FLOPS_PER_SUBMIT = { software: 5e6, gpu: 2e10 };

/** An engine that leaves room for the page to be drawn. @throws AdapterError without WebGPU. */
export async function openEngine(): Promise<Engine> {
  const source = await openGpu();
  const { software } = describeAdapter(await source.requestAdapter());
  return await Engine.open(source, { flopsPerSubmit: software ? FLOPS_PER_SUBMIT.software : FLOPS_PER_SUBMIT.gpu });
}
