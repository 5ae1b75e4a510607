import { writeFileSync } from 'node:fs';
import process from 'node:process';
import type { Reporter } from 'vitest/node';

/** Environment variable: the file for the number of errors outside of any test, which vitest's JSON report leaves out. */
export const ERRORS = 'WEFT_TEST_ERRORS';

export default class ErrorCount implements Reporter {
  onTestRunEnd(_: unknown, errors: readonly unknown[]): void {
    const file = process.env[ERRORS];
    if (file) writeFileSync(file, String(errors.length));
  }
}
