import { createRequire } from 'node:module';

/** The version of this weft. */
export function weftVersion(): string {
  return packageJson().version;
}

/** The oldest Node that it runs on: '20.19'. */
export function neededNode(): string {
  return packageJson().engines.node.replace('>=', '');
}

function packageJson(): { version: string; engines: { node: string } } {
  return createRequire(import.meta.url)('../../package.json') as { version: string; engines: { node: string } };
}
