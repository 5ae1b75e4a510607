/**
 * `npm run rounding -- [N] [part of kernel/variant]`: how far each variant of the kernels that are sums of products is from the float64
 * reference, over N random shapes. A variant's `slack` (src/kernels/spec.ts) comes from these figures.
 */
import process from 'node:process';
import { kernels } from '../src/kernels/registry.ts';
import { Sampler } from '../src/kernels/sampler.ts';
import type { KernelSpec, Params, Slack, Variant } from '../src/kernels/spec.ts';
import { allowedErrors, drawInputs } from '../src/kernels/verify.ts';
import { openGpu } from '../src/platform/node.ts';
import { Engine } from '../src/tensor/engine.ts';
import { runVariant } from '../src/tensor/run-variant.ts';

interface Rounding {
  shapes: number;
  /** In multiples of what the tests allow a variant without slack. */
  ofTolerance: number;
  /** Relative to the largest result of the call: the largest, and the root of the mean square. */
  largest: number;
  meanSquare: number;
}

/** The tolerance that the figures are multiples of. */
const asOne = (slack: Slack = 1): Slack => (typeof slack === 'number' ? 1 : { ofLargest: 1 });

const describe = (slack: Slack) => (typeof slack === 'number' ? slack : `${slack.ofLargest} of the largest sum's`);

async function measure(engine: Engine, spec: KernelSpec, variant: Variant<Params>, count: number): Promise<Rounding> {
  const found = { shapes: 0, ofTolerance: 0, largest: 0, meanSquare: 0 };
  for (let seed = 0; found.shapes < count && seed < 100 * count; seed++) {
    const random = new Sampler(seed);
    const p = spec.sample(random);
    if (!variant.supports(p, engine.caps)) continue;
    found.shapes++;
    const inputs = drawInputs(spec, p, random);
    const expected = spec.reference(p, inputs, engine.step);
    const allowed = allowedErrors(spec, p, inputs, expected, engine.step, asOne(variant.slack));
    for (const [name, actual] of Object.entries(await runVariant(engine, spec, variant, p, inputs))) {
      const errors = Array.from(actual, (value, i) => Math.abs(value - expected[name]![i]!));
      const size = Array.from(expected[name]!).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
      errors.forEach((error, i) => {
        found.ofTolerance = Math.max(found.ofTolerance, error / allowed[name]![i]!);
        found.largest = Math.max(found.largest, error / size);
      });
      const square = errors.reduce((sum, error) => sum + (error / size) ** 2, 0) / errors.length;
      found.meanSquare = Math.max(found.meanSquare, square);
    }
  }
  return found;
}

const [shapes = '100', wanted = ''] = process.argv.slice(2);
using engine = await Engine.open(await openGpu());
const { device, description } = engine.gpu.device.info;
console.log(
  `${shapes} random shapes a variant, on ${device} (${description}), ${new Date().toISOString().slice(0, 10)}`,
);
console.log(
  'error, in multiples of the tolerance without slack; of the largest result; root mean square of the worst call',
);
for (const spec of kernels) {
  if (spec.tolerance.kind !== 'dot') continue;
  for (const variant of spec.variants) {
    if (!`${spec.name}/${variant.name}`.includes(wanted)) continue;
    const { ofTolerance, largest, meanSquare } = await measure(engine, spec, variant, Number(shapes));
    const figures = [ofTolerance.toFixed(3), largest.toExponential(1), Math.sqrt(meanSquare).toExponential(1)];
    const slack = variant.slack ? `  slack ${describe(variant.slack)}` : '';
    console.log(`${`${spec.name}/${variant.name}`.padEnd(40)} ${figures.map(f => f.padStart(9)).join(' ')}${slack}`);
  }
}
