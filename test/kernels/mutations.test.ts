import { describe, expect, it, onTestFinished } from 'vitest';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { shaderText } from '../../src/kernels/shader.ts';
import type { KernelSpec, Params, Plan, Values, Variant } from '../../src/kernels/spec.ts';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import { KernelError } from '../../src/platform/errors.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { allowedErrors, drawInputs, drawStep, firstDifference } from '../support/compare.ts';
import { gpuEngine } from '../support/engine.ts';
import { runVariant } from '../support/run-variant.ts';

// Would the comparison with the reference notice a wrong kernel? Every variant is spoiled in small ways, and each spoiled
// one must be caught on some random shape.

/** Random shapes tried before a mutation counts as not caught. */
const TRIES = 24;

/** Loops whose last turn may be left out without any effect, with the reason. `kernel/variant`: loop condition. */
const HARMLESS: Record<string, string> = {};

/** The last workgroup is never started: a dropped tail. */
function dropTail(plan: Plan): Plan {
  const last = plan.dispatches[plan.dispatches.length - 1]!;
  const [x, y, z] = last.workgroups;
  const workgroups: [number, number, number] = x > 1 ? [x - 1, y, z] : y > 1 ? [x, y - 1, z] : [0, y, z];
  return { ...plan, dispatches: [...plan.dispatches.slice(0, -1), { ...last, workgroups }] };
}

const LOOP = /(for \(var (\w+)[^;]*; )(\w+) < ([^;]+);/g;

/** Every loop of every shader of a plan, as a change that makes the loop miss its last turn: a dropped tap. */
function dropTaps(plan: Plan): { loop: string; change: (plan: Plan) => Plan }[] {
  return plan.dispatches.flatMap((dispatch, at) => {
    const text = shaderText(dispatch.shader);
    return [...text.matchAll(LOOP)].map(match => {
      const [whole, head, , variable, end] = match;
      const spoiled = `${text.slice(0, match.index)}${head}${variable} + 1 < ${end};${text.slice(match.index + whole.length)}`;
      return {
        loop: `${variable} < ${end} of dispatch ${at}`,
        change: (original: Plan) => ({
          ...original,
          dispatches: original.dispatches.map((d, i) => (i === at ? { ...d, shader: { text: spoiled } } : d)),
        }),
      };
    });
  });
}

async function isCaught(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  change: (plan: Plan) => Plan,
): Promise<boolean> {
  for (let seed = 0; seed < TRIES; seed++) {
    const random = new Sampler(seed);
    const p = spec.sample(random);
    if (!variant.supports(p, engine.caps)) continue;
    const inputs = drawInputs(spec, p, random);
    const step = drawStep(random);
    engine.setStep(step);
    const expected = spec.reference(p, inputs, step);
    const allowed = allowedErrors(spec, p, inputs, expected, step);
    let actual: Record<string, Values>;
    try {
      actual = await runVariant(engine, spec, variant, p, inputs, change);
    } catch (error) {
      // A mutation that does not compile cannot be shipped either.
      if (error instanceof KernelError) return true;
      throw error;
    }
    if (Object.entries(actual).some(([name, values]) => firstDifference(values, expected[name]!, allowed[name]!)))
      return true;
  }
  return false;
}

/** A plan of the variant for some shape it supports, to see which shaders it is made of. */
function anyPlan(engine: Engine, spec: KernelSpec, variant: Variant<Params>): Plan {
  for (let seed = 0; seed < 200; seed++) {
    const p = spec.sample(new Sampler(seed));
    if (variant.supports(p, engine.caps)) return variant.plan(p, engine.caps);
  }
  throw new Error(`${spec.name}/${variant.name}: no random shape is supported`);
}

for (const spec of kernels) {
  describe(`mutations of kernel ${spec.name}`, () => {
    for (const variant of spec.variants) {
      it(`${variant.name}: a dropped tail or tap is caught`, async () => {
        const engine = await gpuEngine();
        onTestFinished(() => engine.setStep(DEFAULT_STEP));
        const missed: string[] = [];
        if (!(await isCaught(engine, spec, variant, dropTail))) missed.push('the last workgroup left out');
        for (const { loop, change } of dropTaps(anyPlan(engine, spec, variant))) {
          if (HARMLESS[`${spec.name}/${variant.name}: ${loop}`]) continue;
          if (!(await isCaught(engine, spec, variant, change))) missed.push(`loop ${loop} misses its last turn`);
        }
        expect(missed, 'mutations that the comparison with the reference did not notice').toEqual([]);
      });
    }
  });
}
