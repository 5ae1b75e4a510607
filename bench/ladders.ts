/** The ladders of weft's own kernels for the page of a run: every variant, proven, then timed in turns. */
import { callShape } from '../src/kernels/call-shape.ts';
import { kernels } from '../src/kernels/registry.ts';
import { bytesMoved } from '../src/kernels/spec.ts';
import type { Engine } from '../src/tensor/engine.ts';
import { compareVariants } from '../src/tensor/ladder.ts';
import type { Ladder } from './results.ts';

/** The middle layer of our CNN and a dense one: enough work for each variant to show what it is, little for the plain one. */
const CALLS: readonly (readonly [kernel: string, shape: string])[] = [
  ['matmul', 'm=512 n=512 k=512'],
  ['conv2d', 'n=16 h=14 w=14 cin=32 cout=64 k=3'],
  ['conv2d_input_grad', 'n=16 h=14 w=14 cin=32 cout=64 k=3'],
  ['conv2d_kernel_grad', 'n=16 h=14 w=14 cin=32 cout=64 k=3'],
  ['max_pool2d', 'n=128 h=28 w=28 c=32 k=2'],
  ['sum', 'outer=1 length=16384 inner=64'],
];

/** Random shapes each variant is proven on here; the tests try more. */
const SHAPES = 2;

export async function measureLadders(engine: Engine, rounds: number, log: (line: string) => void): Promise<Ladder[]> {
  const ladders: Ladder[] = [];
  for (const [kernel, text] of CALLS) {
    const spec = kernels.find(({ name }) => name === kernel)!;
    const shape = callShape(spec, text);
    const start = performance.now();
    const rungs = await compareVariants(engine, spec, shape, { repeats: rounds, shapes: SHAPES });
    const chosen = engine.gpu.chooser.choose(spec, shape).name;
    ladders.push({ kernel, shape, flops: spec.flops(shape), bytes: bytesMoved(spec, shape), chosen, rungs });
    log(`      ladder of ${kernel}: ${rungs.length} variants (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  }
  return ladders;
}
