import process from 'node:process';
import { log } from '../src/cli/output.ts';
import { UsageError, WeftError } from '../src/platform/errors.ts';

/** Runs a script of the benchmarks with the JSON that it was called with; what weft itself complains of needs no stack. */
export async function runScript<T>(main: (task: T) => Promise<void>): Promise<void> {
  try {
    await main(JSON.parse(process.argv[2] ?? '{}') as T);
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    log(`${error.name}: ${error.message}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
