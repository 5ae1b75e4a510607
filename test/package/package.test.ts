import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRAIN, TYPES } from './programs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
};

let folder: string;
/** An empty project with the package installed. */
let project: string;
/** The package as it is installed there. */
let installed: string;

/** Runs a command to its end and gives its stdout. @throws Error with all it printed when it fails. */
function run(cwd: string, command: string, ...args: string[]): string {
  // What vitest tells its own processes is none of a user's.
  const env = { ...process.env, NODE_OPTIONS: '' };
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, shell, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')}: exit ${status} ${error ?? ''}\n${stdout}\n${stderr}`);
}

function filesIn(root: string): string[] {
  return readdirSync(root, { withFileTypes: true }).flatMap(entry => {
    const path = join(root, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-package-'));
  project = join(folder, 'project');
  installed = join(project, 'node_modules/weft-gpu');
  mkdirSync(project);
  run(ROOT, 'npm', 'pack', '--silent', '--pack-destination', folder);
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  run(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball());
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tarball(): string {
  const [name] = readdirSync(folder).filter(file => file.endsWith('.tgz'));
  return join(folder, name!);
}

describe('the package', () => {
  it('is small, and holds what it needs and nothing else', () => {
    // Of which the lab's page, its trained CNN and its recording are two thirds.
    expect(statSync(tarball()).size).toBeLessThan(2e6);
    const files = filesIn(installed).map(path => relative(installed, path).replaceAll('\\', '/'));
    const split = 'dist/data/fashion-mnist-validation.generated.js';
    expect(files).toEqual(
      expect.arrayContaining([
        ...['LICENSE', 'README.md', 'dist/index.d.ts', 'shaders/matmul/plain.wgsl', split],
        ...['lab/dist/page.js', 'lab/dist/worker.js', 'lab/assets/cnn.safetensors'],
      ]),
    );
    expect(
      files.filter(file => !/^(dist|shaders|lab\/(assets|dist))\/|^(LICENSE|README\.md|package\.json)$/.test(file)),
    ).toEqual([]);
  });

  it('trains 20 steps in plain Node', () => {
    writeFileSync(join(project, 'train.js'), TRAIN);
    const output = run(project, process.execPath, 'train.js');
    const { losses, arguments: args } = JSON.parse(output) as { losses: number[]; arguments: string[] };
    expect(args).toEqual([]);
    expect(losses).toHaveLength(20);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  });

  it('has types that hold, refuse what is wrong, and fit every example of the README', () => {
    const readme = readFileSync(join(installed, 'README.md'), 'utf8');
    const examples = Array.from(readme.matchAll(/^```ts\n(.*?)^```/gms), ([, code]) => code!);
    expect(examples.length).toBeGreaterThan(0);
    [TYPES, ...examples].forEach((code, i) => {
      writeFileSync(join(project, `example-${i}.ts`), code);
    });
    // The strictest reading: the shipped declarations are checked too, and no package's types are there by themselves.
    const compilerOptions = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: [] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    expect(run(project, process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'))).toBe('');
  });

  it('has the command weft', () => {
    const command = join(project, 'node_modules/.bin/weft');
    expect(existsSync(command)).toBe(true);
    const weft = (...args: string[]) => run(project, process.execPath, join(installed, 'dist/cli/bin.js'), ...args);
    expect(weft('--version')).toBe(`${MANIFEST.version}\n`);
    // Help without a command loads them all.
    expect(weft('--help')).toMatch(/^ {2}doctor /m);
  });
});

describe('its modules', () => {
  /** What each module imports, as it is written there. */
  let imports: { module: string; from: string }[];

  beforeAll(async () => {
    const dist = join(installed, 'dist');
    const { metafile } = await build({
      absWorkingDir: dist,
      entryPoints: filesIn(dist).filter(path => path.endsWith('.js')),
      outdir: 'unused',
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
    });
    imports = Object.entries(metafile.inputs).flatMap(([module, input]) =>
      input.imports.map(({ path, original }) => ({ module, from: original ?? path })),
    );
  });

  it('import no package but the dependencies, and all of those', () => {
    const packages = imports.filter(({ from }) => !/^(\.|node:)/.test(from)).map(({ from }) => from);
    // Only a clone bundles the lab's page; the package brings it.
    const ofClones = ['esbuild'];
    expect(new Set(packages)).toEqual(new Set([...Object.keys(MANIFEST.dependencies), ...ofClones]));
  });

  it('import node: only in the Node platform, the command line and its reports', () => {
    const node = imports.filter(({ from }) => from.startsWith('node:'));
    expect(node.length).toBeGreaterThan(5);
    expect(node.filter(({ module }) => !/^(platform\/node[^/]*|cli\/.*|report\/.*)\.js$/.test(module))).toEqual([]);
  });

  it('import each other with the extension that Node wants', () => {
    const others = imports.filter(({ from }) => from.startsWith('.'));
    expect(others.length).toBeGreaterThan(100);
    expect(others.filter(({ from }) => !from.endsWith('.js'))).toEqual([]);
  });
});
