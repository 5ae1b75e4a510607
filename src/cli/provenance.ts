import { createRequire } from 'node:module';
import process from 'node:process';
import { ResumeError } from '../platform/errors.ts';
import type { DeviceReport } from '../report/types.ts';
import { weftVersion } from './package-json.ts';

/** The command as it was typed, for a report. */
export function commandLine(): string {
  return ['weft', ...process.argv.slice(2)].map(part => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part}'`)).join(' ');
}

/** What a result was computed with. */
export function versions(): Record<string, string> {
  const { version } = createRequire(import.meta.url)('webgpu/package.json') as { version: string };
  return { weft: weftVersion(), node: process.version, 'Dawn (npm webgpu)': version };
}

/** What results must have in common to stand beside each other. */
export interface Conditions {
  readonly weft: string;
  readonly device: DeviceReport;
  /** Content hashes of the data sets, by what to call them. */
  readonly data: Readonly<Record<string, string>>;
}

/** @throws ResumeError naming what differs between then and now. */
export function checkSame(folder: string, then: Conditions, now: Conditions): void {
  const pairs: [what: string, was: string, is: string][] = [
    ['the version of weft', then.weft, now.weft],
    ['the adapter', then.device.adapter, now.device.adapter],
    ['the driver', then.device.driver, now.device.driver],
    ...Object.entries(then.data).map(([name, hash]): [string, string, string] => [name, hash, now.data[name] ?? '']),
  ];
  for (const [what, was, is] of pairs) {
    if (was === is) continue;
    throw new ResumeError(
      `${folder}: cannot resume: ${what} was '${was}', is '${is}'; use what it was started with, or start anew`,
    );
  }
}
