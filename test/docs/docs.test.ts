import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withTable } from '../../scripts/kernel-docs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  ...readdirSync(ROOT).filter(name => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
];
const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

describe('documentation', () => {
  it('has the table of kernels as the registry is (npm run docs:kernels)', () => {
    const page = read('docs/kernels.md');
    expect(withTable(page) === page, 'docs/kernels.md is stale: run npm run docs:kernels').toBe(true);
  });

  it.each(pages)('%s links to files that exist', page => {
    for (const [, address] of read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(address!)) continue;
      expect([address, existsSync(join(ROOT, dirname(page), address!))]).toEqual([address, true]);
    }
  });

  it.each(pages)('%s names files of this repository that exist', page => {
    const text = read(page);
    for (const [, path] of text.matchAll(/`((?:src|shaders|test|scripts|docs)\/[\w./-]+\.\w+)`/g)) {
      expect([path, existsSync(join(ROOT, path!))]).toEqual([path, true]);
    }
  });
});
