import type { Capabilities } from '../gpu/capabilities.ts';
import { KernelError, LimitError, ValueError } from '../platform/errors.ts';
import { evaluate } from './formula.ts';
import { foldGrid } from './grid.ts';
import { instantiate } from './shader.ts';
import type { KernelSpec, Params, PlannedDispatch, Variant } from './spec.ts';

/** A kernel that somebody brings: WGSL in the place of the plain variant's. */
export interface CustomKernel {
  /** What results call it. */
  readonly name: string;
  readonly wgsl: string;
  /** Formulas of the workgroups along x, y and z, or 'plain'. Default: the header line `// dispatch: ...`. */
  readonly dispatch?: string;
  /** Values for `const` lines of the WGSL. */
  readonly constants?: Readonly<Record<string, number>>;
}

/**
 * A variant made of somebody's WGSL. It is bound as the kernel's plain variant: uniform `Params` at 0, then the same
 * tensors in the same order. Two header lines are read, both formulas of the kernel's parameters and of the WGSL's own
 * whole-number `const` lines:
 *
 *     // dispatch: ceil(n*oh*ow*cout / 64)          workgroups along x[, y[, z]]; one number is folded when it exceeds a dimension
 *     // dispatch: plain                            as many as the plain variant takes
 *     // supports: cin % 4 == 0 && strideH == 1     for which shapes it is meant; without the line, all
 *
 * @throws KernelError when the plain variant takes several dispatches, which one WGSL file cannot stand for; ValueError
 * when there is no dispatch formula, or one that cannot be computed.
 */
export function customVariant(spec: KernelSpec, kernel: CustomKernel): Variant<Params> {
  const { name, wgsl, constants = {} } = kernel;
  const where = `kernel '${spec.name}/${name}'`;
  const dispatch = kernel.dispatch ?? headerLine(wgsl, 'dispatch');
  if (dispatch === undefined) {
    throw new ValueError(
      `${where}: it does not say how many workgroups it takes; add a line '// dispatch: ceil(size / 64)', a formula of the kernel's parameters, or give --workgroups`,
    );
  }
  const supports = headerLine(wgsl, 'supports');
  const shader = { text: withoutUses(wgsl, where) };
  const own = constantsOf(instantiate(shader, constants));
  return {
    name,
    supports: p => supports === undefined || evaluate(supports, { ...own, ...p })[0] !== 0,
    speed: () => 1,
    plan: (p, caps) => {
      const plain = onlyDispatch(spec, where, spec.variants[0]!.plan(p, caps).dispatches);
      const { uniform, bindings } = plain;
      const planned = { shader, constants, uniform, bindings };
      if (dispatch.trim() === 'plain') return { dispatches: [{ ...planned, workgroups: plain.workgroups }] };
      const counts = evaluate(dispatch, { ...own, ...p });
      if (counts.length > 3 || !counts.every(count => Number.isSafeInteger(count) && count >= 0)) {
        throw new ValueError(
          `${where}: dispatch '${dispatch}' gives ${counts.join(', ')}; it must be one to three whole numbers, such as ceil(size / 64)`,
        );
      }
      const [x, y = 1, z = 1] = counts as [number, number?, number?];
      if (counts.length > 1 && Math.max(x, y, z) > caps.maxWorkgroupsPerDimension) {
        throw new LimitError(
          `${where}: ${counts.join(' x ')} workgroups exceed ${caps.maxWorkgroupsPerDimension} along one dimension; give a single formula, which is folded`,
        );
      }
      const workgroups = counts.length === 1 ? foldGrid(x, caps) : ([x, y, z] as const);
      return { dispatches: [{ ...planned, workgroups }] };
    },
  };
}

/**
 * The plain variant of a kernel for this call as WGSL to start from: whole, and with the header that `customVariant` reads.
 * @throws KernelError when it takes several dispatches.
 */
export function plainAsCustom(spec: KernelSpec, p: Params, caps: Capabilities): string {
  const { shader, constants = {} } = onlyDispatch(
    spec,
    `kernel '${spec.name}'`,
    spec.variants[0]!.plan(p, caps).dispatches,
  );
  // A constant that selects a function by a parameter of the same name makes this text right only for calls of that.
  const selected = Object.entries(constants).filter(([name, value]) => p[name.toLowerCase()] === value);
  const supports = selected.map(([name, value]) => `${name.toLowerCase()} == ${value}`).join(' && ');
  const text = instantiate(shader, constants).replace(/^\/\/ use: .*\n/gm, '');
  const enables = text.match(/^(enable .*;\n)*/)![0];
  const header = ['// dispatch: plain', ...(supports ? [`// supports: ${supports}`] : [])].join('\n');
  return `${enables}${header}\n${text.slice(enables.length)}`;
}

function onlyDispatch(spec: KernelSpec, where: string, dispatches: readonly PlannedDispatch[]): PlannedDispatch {
  if (dispatches.length === 1) return dispatches[0]!;
  throw new KernelError(
    `${where}: the plain variant of '${spec.name}' takes ${dispatches.length} dispatches, so that one WGSL file cannot take its place; add a variant in src/kernels instead (docs/kernels.md)`,
  );
}

function headerLine(wgsl: string, name: string): string | undefined {
  return new RegExp(`^//\\s*${name}:\\s*(.+)$`, 'm').exec(wgsl)?.[1];
}

/** Shaders of the repository are put together by `npm run shaders`; a file from outside must be whole. */
function withoutUses(wgsl: string, where: string): string {
  if (!/^\/\/ use: /m.test(wgsl)) return wgsl;
  throw new ValueError(
    `${where}: it asks for parts of shaders/lib with '// use:'; copy what it needs into the file, so that it is whole wherever it is run`,
  );
}

function constantsOf(wgsl: string): Record<string, number> {
  const lines = wgsl.matchAll(/^const (\w+)(?:\s*:\s*[ui]32)?\s*=\s*(-?\d+)[ui]?;/gm);
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name!, Number(value)]));
}
