/**
 * Forces every variant that a device can run, on a few random shapes each, and prints what came of it: a process of its
 * own, since the size of lavapipe's subgroups is set when its driver is loaded (test/kernels/devices.test.ts).
 *
 *     node --import tsx test/support/walk-variants.ts '{"bare": true, "shapes": 2}'
 */
import process from 'node:process';
import type { Capabilities } from '../../src/gpu/capabilities.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { defineKernel, type KernelSpec, type Params, type Variant } from '../../src/kernels/spec.ts';
import { openGpu } from '../../src/platform/node.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { describeFailure, proveVariant } from '../../src/tensor/prove.ts';
import { runVariant } from '../../src/tensor/run-variant.ts';

export interface WalkOptions {
  /** WebGPU's default limits and no optional feature. */
  readonly bare?: boolean;
  /** Only the variants that would not run, or not so, without subgroups. */
  readonly subgroupsOnly?: boolean;
  /** Random shapes for each variant. */
  readonly shapes: number;
}

export interface Walk {
  readonly adapter: string;
  readonly subgroupSize: number;
  /** What a kernel sees in @builtin(subgroup_size); 0 without subgroups. */
  readonly lanes: number;
  readonly variants: readonly {
    readonly name: string;
    readonly shapes: number;
    /** The constant SG that its shaders were compiled with; none: they have no such constant. */
    readonly compiledFor: readonly number[];
    readonly failure?: string;
  }[];
}

const SEEDS = 200;

/** A variant's dispatches over random shapes, as text: nothing where it cannot run. */
function plans(spec: KernelSpec, variant: Variant<Params>, caps: Capabilities): string {
  const all = Array.from({ length: SEEDS }, (_, seed) => spec.sample(new Sampler(seed)));
  return JSON.stringify(all.map(p => (variant.supports(p, caps) ? variant.plan(p, caps) : null)));
}

function lanesOf(spec: KernelSpec, variant: Variant<Params>, caps: Capabilities): number[] {
  const found = new Set<number>();
  for (const [, lanes] of plans(spec, variant, caps).matchAll(/"SG":(\d+)/g)) found.add(Number(lanes));
  return [...found];
}

/** What a kernel finds when it asks how many lanes its subgroup has. */
async function measureLanes(engine: Engine): Promise<number> {
  if (engine.caps.subgroupSize === 0) return 0;
  const text = `enable subgroups;
struct Params { unused: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(subgroup_size) lanes: u32) { out[p.unused] = lanes; }`;
  const ask: Variant<Params> = {
    name: 'ask',
    supports: () => true,
    speed: () => 1,
    plan: () => ({ dispatches: [{ shader: { text }, uniform: [0], bindings: ['out'], workgroups: [1, 1, 1] }] }),
  };
  const spec = defineKernel({
    ...{ name: 'lanes', tensors: { out: { role: 'out', dtype: 'u32', shape: () => [1] } }, flops: () => 0 },
    ...{ reference: () => ({}), sample: () => ({}), tolerance: { kind: 'exact' }, variants: [ask] },
  });
  return (await runVariant(engine, spec, ask, {}, {})).out![0]!;
}

async function walk({ bare = false, subgroupsOnly = false, shapes }: WalkOptions): Promise<Walk> {
  using engine = await Engine.open(await openGpu({ adapter: 'software' }), { bare });
  const { caps } = engine;
  const without = { ...caps, subgroupSize: 0 };
  const variants: Walk['variants'][number][] = [];
  for (const spec of kernels) {
    for (const variant of spec.variants) {
      if (subgroupsOnly && plans(spec, variant, caps) === plans(spec, variant, without)) continue;
      const proof = await proveVariant(engine, spec, variant, { shapes });
      variants.push({
        ...{ name: `${spec.name}/${variant.name}`, shapes: proof.shapes, compiledFor: lanesOf(spec, variant, caps) },
        ...(proof.failure ? { failure: describeFailure(proof.failure) } : {}),
      });
    }
  }
  const { subgroupSize } = caps;
  return { adapter: engine.gpu.device.info.description, subgroupSize, lanes: await measureLanes(engine), variants };
}

process.stdout.write(JSON.stringify(await walk(JSON.parse(process.argv[2]!) as WalkOptions)));
