import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kernels } from '../../src/kernels/registry.ts';
import type { KernelSpec, Values } from '../../src/kernels/spec.ts';
import { compile } from '../../src/tensor/compile.ts';
import { Engine } from '../../src/tensor/engine.ts';
import * as exported from '../../src/tensor/ops/index.ts';
import { ops, withoutGradient } from '../../src/tensor/ops/registry.ts';
import { gpuEngine } from '../support/engine.ts';
import { drawGraph, gradientError, type OpGraph, placeGraph } from '../support/op-graph.ts';

/** Random uses of each op; WEFT_FUZZ multiplies them. */
const DRAWS = 6 * Number(process.env.WEFT_FUZZ ?? 1);
const GPU_DRAWS = 2 * Number(process.env.WEFT_FUZZ ?? 1);
/** Relative, in float64. */
const GRADIENT_ERROR = 1e-6;
/** Relative to the largest value of a tensor, in float32, through a handful of ops and a sum whose terms cancel. */
const FLOAT32_ERROR = 1e-4;

describe('gradients in the middle of a graph', () => {
  for (const example of ops) {
    it(`of ${example.name} are those of finite differences`, async () => {
      for (let seed = 0; seed < DRAWS; seed++) {
        const error = await gradientError(Engine.reference(), drawGraph(example, seed), seed);
        expect(error, `${example.name}, draw ${seed}: relative error`).toBeLessThanOrEqual(GRADIENT_ERROR);
      }
    });

    it(`of ${example.name} would be wrong without what flows in from above`, async () => {
      const errors: number[] = [];
      for (let seed = 0; seed < DRAWS; seed++) {
        const engine = ignoringUpstream(example.name);
        errors.push(await gradientError(engine, drawGraph(example, seed), seed));
      }
      expect(Math.max(...errors), 'largest error with a dropped upstream gradient').toBeGreaterThan(1e-3);
    });
  }
});

/** A reference engine on which one op takes the gradient of its result to be 1, as if it were a loss. */
function ignoringUpstream(name: string): Engine {
  const engine = Engine.reference();
  const record = engine.record.bind(engine);
  engine.record = (op, inputs, output, backward) =>
    record(op, inputs, output, upstream =>
      backward(op === name ? { ...upstream, dy: engine.full(upstream.dy.shape, 1) } : upstream),
    );
  return engine;
}

describe('the GPU agrees with the reference in the middle of a graph', () => {
  for (const example of ops) {
    it(`for ${example.name}, eager and compiled with the same bits`, async () => {
      const engine = await gpuEngine();
      for (let seed = 0; seed < GPU_DRAWS; seed++) {
        const graph = drawGraph(example, seed);
        const expected = await evaluate(Engine.reference(), graph);
        const { eager, compiled } = await onGpu(engine, graph);
        expect(compiled, `${example.name}, draw ${seed}: compiled against eager`).toEqual(eager);
        for (const [i, values] of expected.entries()) {
          const what = `${example.name}, draw ${seed}: ${i === 0 ? 'loss' : `gradient of leaf ${i - 1}`}`;
          expect(relativeError(eager[i]!, values), what).toBeLessThanOrEqual(FLOAT32_ERROR);
        }
      }
    });
  }
});

/** Loss and gradients. */
async function evaluate(engine: Engine, graph: OpGraph): Promise<Values[]> {
  return engine.scope(async () => {
    const { loss, grads } = placeGraph(engine, graph).step();
    return Promise.all([loss, ...grads].map(tensor => tensor.data()));
  });
}

async function onGpu(engine: Engine, graph: OpGraph): Promise<{ eager: Values[]; compiled: Values[] }> {
  const eager = await evaluate(engine, graph);
  return engine.scope(async () => {
    const { step } = placeGraph(engine, graph);
    using compiled = await compile(engine, step);
    await compiled.run();
    const { loss, grads } = compiled.result;
    const values: Values[] = [];
    for (const tensor of [loss, ...grads]) values.push(await tensor.data());
    return { eager, compiled: values };
  });
}

function relativeError(actual: Values, expected: Values): number {
  const largest = Math.max(1e-2, ...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (value, i) => Math.abs(actual[i]! - value) / largest));
}

describe('nothing is left unchecked', () => {
  it('every op has an example, or a reason why it has no gradient', () => {
    const functions = Object.entries(exported).filter(([, value]) => typeof value === 'function');
    const known = [...ops.map(example => example.name), ...Object.keys(withoutGradient)];
    expect(functions.map(([name]) => name).sort()).toEqual(known.sort());
  });

  it('every kernel is in the registry, once', async () => {
    const folder = new URL('../../src/kernels/', import.meta.url);
    const found: KernelSpec[] = [];
    for (const file of readdirSync(folder).filter(name => name.endsWith('.ts'))) {
      const module: Record<string, unknown> = await import(new URL(file, folder).href);
      for (const value of Object.values(module)) if (isKernel(value)) found.push(value);
    }
    const names = kernels.map(spec => spec.name).sort();
    expect(new Set(names).size).toBe(names.length);
    expect([...new Set(found)].map(spec => spec.name).sort()).toEqual(names);
  });
});

function isKernel(value: unknown): value is KernelSpec {
  return (
    typeof value === 'object' && value !== null && 'variants' in value && 'tensors' in value && 'reference' in value
  );
}
