/**
 * Puts every shader of shaders/ into one module, src/kernels/shaders.generated.ts, which Node, tests, the bundler and
 * the package import alike. A line `// use: philox` in a shader puts shaders/lib/philox.wgsl in front of it.
 * `--check` writes nothing and fails when the module is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'src/kernels/shaders.generated.ts');

function wgslFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap(entry => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? wgslFiles(path) : entry.name.endsWith('.wgsl') ? [path] : [];
    })
    .sort();
}

/** `enable` directives must stand before every declaration, so they move in front of what a shader uses. */
export function assemble(text: string, library: (name: string) => string): string {
  const uses = [...text.matchAll(/^\/\/ use: (.+)$/gm)].flatMap(match => match[1]!.split(',').map(name => name.trim()));
  const enables = [...text.matchAll(/^enable .*;$/gm)].map(match => match[0]);
  const body = text.replace(/^enable .*;\n/gm, '');
  return [...enables, ...uses.map(name => library(name).trimEnd()), body.trimEnd(), ''].join('\n');
}

export function shaderModule(): string {
  const folder = join(root, 'shaders');
  const library = (name: string) => readFileSync(join(folder, 'lib', `${name}.wgsl`), 'utf8');
  const entries = wgslFiles(folder)
    .map(path => ({
      name: relative(folder, path)
        .replaceAll('\\', '/')
        .replace(/\.wgsl$/, ''),
      path,
    }))
    .filter(({ name }) => !name.startsWith('lib/'))
    .map(({ name, path }) => {
      const text = assemble(readFileSync(path, 'utf8'), library);
      return `  '${name}': \`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\`,`;
    });
  return [
    '// Made by `npm run shaders` from shaders/**/*.wgsl; edit those.',
    'export const shaders = {',
    ...entries,
    '} as const;',
    '',
    'export type ShaderName = keyof typeof shaders;',
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = shaderModule();
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error('src/kernels/shaders.generated.ts is stale: run `npm run shaders`');
    process.exit(1);
  }
}
