import { describe, expect, it, onTestFinished } from 'vitest';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { type Shader, shaderText } from '../../src/kernels/shader.ts';
import type { KernelSpec, Params, Plan, Values, Variant } from '../../src/kernels/spec.ts';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import { allowedErrors, drawInputs, drawStep, firstDifference } from '../../src/kernels/verify.ts';
import { KernelError } from '../../src/platform/errors.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { runVariant } from '../../src/tensor/run-variant.ts';
import { gpuEngine } from '../support/engine.ts';

// Would the comparison with the reference notice a wrong kernel? Every variant is spoiled in small ways, and each spoiled
// one must be caught on some random shape.

/** Random shapes that a variant supports, tried before a mutation counts as not caught. */
const TRIES = 16;

/** Seeds looked through for such shapes. */
const SEEDS = 400;

/** Loops whose last turn may be left out without any effect, with the reason. `kernel: loop condition of shader`. */
const HARMLESS: Record<string, string> = {
  'conv2d: k < KW - 1 of conv2d/stationary':
    "writes outputs that only more than 'same' padding has; 'conv2d_input_grad' has it where the forward was valid",
  'matmul: s < p.shares of conv2d/sum_shares (2)':
    "sums the gradient of a bias, which the kernel 'matmul' does not have",
};

/** Variants made of other kernels' plans, whose loops are spoiled there: here only their last workgroup is left out. */
const BORROWED: ReadonlySet<string> = new Set([
  'conv2d/matmul',
  'conv2d_input_grad/matmul',
  'conv2d_kernel_grad/matmul',
  'conv2d_kernel_grad/product',
  'conv2d_kernel_grad/patches',
  'conv2d_max_pool/two_passes',
  'conv2d/patches',
  'conv2d_input_grad/patches',
  'conv2d/stride_skipped',
  'conv2d_input_grad/stride_skipped',
]);

/** The last workgroup is never started: a dropped tail. */
function dropTail(plan: Plan): Plan {
  const last = plan.dispatches[plan.dispatches.length - 1]!;
  const [x, y, z] = last.workgroups;
  const workgroups: [number, number, number] = x > 1 ? [x - 1, y, z] : y > 1 ? [x, y - 1, z] : [0, y, z];
  return { ...plan, dispatches: [...plan.dispatches.slice(0, -1), { ...last, workgroups }] };
}

/** Characters by which a loop is known again in another shader that uses the same file of shaders/lib. */
const CONTEXT = 300;

const LOOP = /(for \(var (\w+)[^;]*; )(\w+) < ([^;]+);/g;

/** Every loop of a shader, as a change that makes the loop miss its last turn: a dropped tap. */
function dropTaps(shader: Shader): { loop: string; text: string; change: (plan: Plan) => Plan }[] {
  const text = shaderText(shader);
  const seen = new Map<string, number>();
  return [...text.matchAll(LOOP)].map(match => {
    const [whole, head, , variable, end] = match;
    const spoiled = `${text.slice(0, match.index)}${head}${variable} + 1 < ${end};${text.slice(match.index + whole.length)}`;
    const condition = `${variable} < ${end} of ${shader}`;
    const count = (seen.get(condition) ?? 0) + 1;
    seen.set(condition, count);
    return {
      loop: count > 1 ? `${condition} (${count})` : condition,
      text: text.slice(match.index, match.index + CONTEXT),
      change: (plan: Plan) => ({
        ...plan,
        dispatches: plan.dispatches.map(d => (d.shader === shader ? { ...d, shader: { text: spoiled } } : d)),
      }),
    };
  });
}

async function isCaught(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  change: (plan: Plan) => Plan,
): Promise<boolean> {
  for (let seed = 0, tries = 0; seed < SEEDS && tries < TRIES; seed++) {
    const random = new Sampler(seed);
    const p = spec.sample(random);
    if (!variant.supports(p, engine.caps)) continue;
    tries++;
    const inputs = drawInputs(spec, p, random);
    const step = drawStep(random);
    engine.setStep(step);
    const expected = spec.reference(p, inputs, step);
    const allowed = allowedErrors(spec, p, inputs, expected, step, variant.slack);
    let actual: Record<string, Values>;
    try {
      actual = await runVariant(engine, spec, variant, p, inputs, change);
    } catch (error) {
      // A mutation that does not compile cannot be shipped either.
      if (error instanceof KernelError && error.message.includes('refuses it')) return true;
      throw error;
    }
    if (Object.entries(actual).some(([name, values]) => firstDifference(values, expected[name]!, allowed[name]!)))
      return true;
  }
  return false;
}

/** The shaders that a variant is made of, for one random shape or another. */
function shadersOf(engine: Engine, spec: KernelSpec, variant: Variant<Params>): Shader[] {
  const found = new Set<Shader>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const p = spec.sample(new Sampler(seed));
    if (!variant.supports(p, engine.caps)) continue;
    for (const { shader } of variant.plan(p, engine.caps).dispatches) found.add(shader);
  }
  expect(found.size, `shaders of ${spec.name}/${variant.name} over random shapes`).toBeGreaterThan(0);
  return [...found];
}

for (const spec of kernels) {
  describe(`mutations of kernel ${spec.name}`, () => {
    // Variants that differ only in their constants share a shader, and others a part of theirs: a loop is spoiled for the
    // first of them.
    const done = new Set<string>();
    for (const variant of spec.variants) {
      it(`${variant.name}: a dropped tail or tap is caught`, async () => {
        const engine = await gpuEngine();
        onTestFinished(() => engine.setStep(DEFAULT_STEP));
        const missed: string[] = [];
        if (!(await isCaught(engine, spec, variant, dropTail))) missed.push('the last workgroup left out');
        const own = BORROWED.has(`${spec.name}/${variant.name}`) ? [] : shadersOf(engine, spec, variant);
        for (const shader of own) {
          for (const { loop, text, change } of dropTaps(shader)) {
            if (done.has(text) || HARMLESS[`${spec.name}: ${loop}`]) continue;
            done.add(text);
            if (!(await isCaught(engine, spec, variant, change))) missed.push(`loop ${loop} misses its last turn`);
          }
        }
        expect(missed, 'mutations that the comparison with the reference did not notice').toEqual([]);
      });
    }
  });
}
