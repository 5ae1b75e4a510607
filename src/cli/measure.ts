import { median } from '../gpu/profile.ts';
import { KernelError } from '../platform/errors.ts';
import { compile } from '../tensor/compile.ts';
import type { Engine } from '../tensor/engine.ts';
import { matmul } from '../tensor/ops/index.ts';

/** One measurement of a matrix product of float32. */
export interface MatmulMeasure {
  /** Rows, columns and inner length. */
  size: number;
  /** The kernel that weft chose for it here. */
  variant: string;
  gflops: number;
  milliseconds: number;
  repeats: number;
}

/** Milliseconds of a timed round: long against the cost of a submission, short against a driver's watchdog. */
const ROUND = 100;
const ROUNDS = 5;

/**
 * How fast the engine multiplies matrices here, with the kernel that training would use: the median of rounds, each timed
 * from submission to the end.
 * @throws KernelError when the product is wrong.
 */
export async function measureMatmul(engine: Engine): Promise<MatmulMeasure> {
  const { device } = engine.gpu;
  // Large enough to fill the device; on a processor half of that does.
  const size = engine.caps.software ? 512 : 1024;
  using a = engine.full([size, size], 1);
  // Ones times 1 / size, a power of two, are ones again, exactly: chains of any length can be checked.
  using b = engine.full([size, size], 1 / size);
  const chainOf = async (length: number) =>
    await compile(engine, () => {
      let product = a;
      for (let i = 0; i < length; i++) product = matmul(product, b);
      return product;
    });
  const time = async (step: Awaited<ReturnType<typeof chainOf>>): Promise<number> => {
    const start = performance.now();
    await step.run();
    await device.finish();
    return performance.now() - start;
  };

  using single = await chainOf(1);
  await time(single);
  const length = Math.max(1, Math.min(200, Math.round(ROUND / (await time(single)))));
  using chain = await chainOf(length);
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) times.push((await time(chain)) / length);
  const values = await chain.result.data();
  if (!values.every(value => value === 1)) {
    const { variant } = chain.work[0]!.dispatch.note;
    throw new KernelError(`kernel 'matmul/${variant}': its product is wrong on this device; update the driver`);
  }
  const milliseconds = median(times);
  return {
    size,
    variant: chain.work[0]!.dispatch.note.variant,
    gflops: (2 * size ** 3) / milliseconds / 1e6,
    milliseconds,
    repeats: length * ROUNDS,
  };
}
