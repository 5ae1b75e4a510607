import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { DEFAULT_STEP, describeParams } from '../../src/kernels/spec.ts';
import { allowedErrors, drawInputs, drawStep, firstDifference } from '../../src/kernels/verify.ts';
import { runVariant } from '../../src/tensor/run-variant.ts';
import { gpuEngine } from '../support/engine.ts';

/** Random shapes a variant is tried on; WEFT_FUZZ multiplies them. */
const RUNS = 12 * Number(process.env.WEFT_FUZZ ?? 1);

// Every kernel and every variant of it, found by walking the registry.
for (const spec of kernels) {
  describe(`kernel ${spec.name}`, () => {
    for (const variant of spec.variants) {
      it(`${variant.name} agrees with the reference`, async () => {
        const engine = await gpuEngine();
        onTestFinished(() => engine.setStep(DEFAULT_STEP));
        let supported = 0;
        await fc.assert(
          fc.asyncProperty(fc.nat(), async seed => {
            const random = new Sampler(seed);
            const p = spec.sample(random);
            if (!variant.supports(p, engine.caps)) return;
            supported++;
            const inputs = drawInputs(spec, p, random);
            const step = drawStep(random);
            engine.setStep(step);
            const expected = spec.reference(p, inputs, step);
            const allowed = allowedErrors(spec, p, inputs, expected, step, variant.slack);
            const actual = await runVariant(engine, spec, variant, p, inputs);
            for (const [name, values] of Object.entries(actual)) {
              const difference = firstDifference(values, expected[name]!, allowed[name]!);
              expect(difference, `${spec.name}/${variant.name} '${name}' with ${describeParams(p)}`).toBeUndefined();
            }
          }),
          { numRuns: RUNS * 4, interruptAfterTimeLimit: 60_000, seed: 20261123 },
        );
        expect(supported, 'random shapes that this variant supports').toBeGreaterThan(2);
      });
    }
  });
}
