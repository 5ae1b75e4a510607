import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ERRORS } from './test-errors.ts';
import { DEATHS, type Death, readDeaths } from './test-process.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The part of vitest's JSON report that is counted. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
}

/** What became of some test files. */
interface Outcome {
  /** Whether vitest was content, with all that is no test too. */
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  /** Errors outside of any test; a process that died is one. */
  readonly errors: number;
  /** Processes that died when all tests had been done. */
  readonly late: readonly Death[];
}

/**
 * So many processes may die in one run after their last test, if the same tests pass again to the end: one in a few thousand
 * crashes while the driver is put away. More are no accident.
 */
const LATE_DEATHS = 2;

/** Runs checks in processes of their own and counts them; each check that is not a test counts as one. */
export class Checks {
  private passed = 0;
  private failed = 0;

  /** @param json keeps stdout free for the one document of `finish`. */
  constructor(private readonly json: boolean) {}

  check(name: string, script: string, ...options: string[]): void {
    const ok = this.run(script, ...options);
    this.say(`${ok ? '✓' : '✗'} ${name}`);
    if (ok) this.passed++;
    else this.failed++;
  }

  test(...args: readonly string[]): void {
    const outcome = this.vitest(args);
    this.passed += outcome.passed;
    this.failed += outcome.failed;
    if (outcome.ok || outcome.failed > 0) return;
    // An error outside of any test, or a process that dies in the middle of one, must not go unseen.
    const { late } = outcome;
    const isAccident = late.length > 0 && late.length === outcome.errors && late.length <= LATE_DEATHS;
    for (const { files, cause } of late) {
      this.say(`All tests of ${files.join(', ')} passed, but then their process died (${cause}). Once more:`);
    }
    if (!isAccident || !this.vitest(late.flatMap(({ files }) => files)).ok) this.failed++;
  }

  private vitest(args: readonly string[]): Outcome {
    const folder = mkdtempSync(join(tmpdir(), 'weft-test-'));
    const file = join(folder, 'report.json');
    const [deaths, errors] = [join(folder, 'deaths.jsonl'), join(folder, 'errors')];
    Object.assign(process.env, { [DEATHS]: deaths, [ERRORS]: errors });
    try {
      const reporters = ['default', 'json', './scripts/test-errors.ts'].map(name => `--reporter=${name}`);
      reporters.push(`--outputFile.json=${file}`);
      const ok = this.run('node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args);
      if (!existsSync(file)) return { ok: false, passed: 0, failed: 1, errors: 0, late: [] };
      const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
      // A file that cannot even be loaded, or prepared, has no tests that could fail, yet must count.
      const broken = report.testResults.filter(
        suite => suite.status === 'failed' && suite.assertionResults.every(({ status }) => status !== 'failed'),
      );
      const failed = report.numFailedTests + broken.length;
      const died = readDeaths(deaths);
      // What a process did not come to is pending.
      const isDone = (path: string) => {
        const { assertionResults = [] } = report.testResults.find(({ name }) => name === path) ?? {};
        return assertionResults.length > 0 && assertionResults.every(({ status }) => status !== 'pending');
      };
      const late = died.filter(({ files }) => files.length > 0 && files.every(isDone));
      return { ok, passed: report.numPassedTests, failed, errors: Number(readFileSync(errors, 'utf8')), late };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private say(line: string): void {
    process[this.json ? 'stderr' : 'stdout'].write(`${line}\n`);
  }

  /** Prints the counts as the last line, or as JSON, and ends the process. */
  finish(): never {
    const { passed, failed } = this;
    console.log(this.json ? JSON.stringify({ passed, failed }) : `${passed} passed, ${failed} failed`);
    process.exit(failed === 0 && passed > 0 ? 0 : 1);
  }

  private run(script: string, ...options: string[]): boolean {
    const stdout = this.json ? process.stderr.fd : process.stdout.fd;
    const { status } = spawnSync(process.execPath, [join(ROOT, script), ...options], {
      cwd: ROOT,
      stdio: ['inherit', stdout, 'inherit'],
    });
    return status === 0;
  }
}
