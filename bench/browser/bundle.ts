/** The page's script: bench/ with the parts that need Node exchanged for what a browser has. */
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What tfjs's contender asks Node for, on paths that a page never takes. */
const NODE = `export default { platform: 'browser', version: 'none' };
export const createRequire = () => ({ resolve: name => name });
export const dirname = path => path;`;

/** A page is told its version by whoever serves it. */
const VERSION = `export const weftVersion = () => '';`;

/** Stands in for a contender whose packages are not to be bundled. */
const ABSENT = `export const openTfjs = async () => { throw new Error('tfjs is not part of this page'); };`;

const STUBS: Readonly<Record<string, string>> = { node: NODE, version: VERSION, absent: ABSENT };

/** @param withTfjs needs the packages of bench/; else the page has weft alone. */
function forBrowsers(withTfjs: boolean): Plugin {
  return {
    name: 'for-browsers',
    setup(build) {
      build.onResolve({ filter: /peers\/tfjs\.ts$/ }, () =>
        withTfjs ? undefined : { path: 'absent', namespace: 'stub' },
      );
      build.onResolve({ filter: /cli\/package-json\.ts$/ }, () => ({ path: 'version', namespace: 'stub' }));
      build.onResolve({ filter: /^node:/ }, () => ({ path: 'node', namespace: 'stub' }));
      build.onResolve({ filter: /platform\/node\.ts$/ }, () => ({ path: here('../../src/platform/browser.ts') }));
      build.onResolve({ filter: /\/dawn\.ts$/ }, ({ importer }) =>
        importer.includes('peers') ? { path: here('dawn.ts') } : undefined,
      );
      // Backends that the page does not offer.
      build.onResolve({ filter: /^@tensorflow\/tfjs-(backend-wasm|backend-cpu)$/ }, ({ path }) => ({
        path,
        external: true,
      }));
      build.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: STUBS[path]! }));
    },
  };
}

export async function bundlePage({ withTfjs }: { withTfjs: boolean }): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: [here('page.ts')], bundle: true, format: 'esm', platform: 'browser', target: 'es2022' },
    ...{ write: false, logLevel: 'silent', plugins: [forBrowsers(withTfjs)] },
  });
  return outputFiles[0]!.text;
}
