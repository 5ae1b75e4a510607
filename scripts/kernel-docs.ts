/**
 * Writes the table of all kernels into docs/kernels.md, from the registry. `--check` writes nothing and fails when the
 * table is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kernels } from '../src/kernels/registry.ts';
import { Sampler } from '../src/kernels/sampler.ts';
import type { KernelSpec } from '../src/kernels/spec.ts';
import { markdownTable } from '../src/report/section-markdown.ts';

const target = fileURLToPath(new URL('../docs/kernels.md', import.meta.url));
const START = '<!-- kernels: made by `npm run docs:kernels` -->';
const END = '<!-- /kernels -->';

const named = (spec: KernelSpec, ...roles: string[]) =>
  Object.entries(spec.tensors)
    .filter(([, tensor]) => roles.includes(tensor.role))
    .map(([name]) => name)
    .join(', ');

/** Along which parameters the kernel is cut, for any of some parameters it may be called with. */
function slices(spec: KernelSpec): string {
  const params = Array.from({ length: 64 }, (_, seed) => spec.slice?.(spec.sample(new Sampler(seed)))?.param);
  return [...new Set(params.filter(param => param !== undefined))].sort().join(' or ');
}

export function kernelTable(): string {
  const rows = [...kernels]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(spec => [
      spec.name,
      named(spec, 'in', 'inout'),
      named(spec, 'out', 'inout'),
      slices(spec),
      spec.tolerance.kind,
      spec.variants.map(variant => variant.name).join(', '),
    ]);
  return markdownTable(['Kernel', 'Reads', 'Writes', 'Cut along', 'Tolerance', 'Variants'], rows);
}

/** The page with its table made anew. */
export function withTable(page: string): string {
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/kernels.md: the lines '${START}' and '${END}' are missing`);
  return `${page.slice(0, start)}${START}\n\n${kernelTable()}\n\n${page.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = readFileSync(target, 'utf8');
  const fresh = withTable(page);
  if (!process.argv.includes('--check')) writeFileSync(target, fresh);
  else if (fresh !== page) {
    console.error('docs/kernels.md is stale: run `npm run docs:kernels`');
    process.exit(1);
  }
}
