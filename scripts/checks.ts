import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The part of vitest's JSON report that is counted. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

/** Runs checks in processes of their own and counts them; each check that is not a test counts as one. */
export class Checks {
  private passed = 0;
  private failed = 0;

  /** @param json keeps stdout free for the one document of `finish`. */
  constructor(private readonly json: boolean) {}

  check(name: string, script: string, ...options: string[]): void {
    const ok = this.run(script, ...options);
    process[this.json ? 'stderr' : 'stdout'].write(`${ok ? '✓' : '✗'} ${name}\n`);
    if (ok) this.passed++;
    else this.failed++;
  }

  test(...args: readonly string[]): void {
    const folder = mkdtempSync(join(tmpdir(), 'weft-test-'));
    const file = join(folder, 'report.json');
    try {
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
      const ok = this.run('node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args);
      if (!existsSync(file)) {
        this.failed++;
        return;
      }
      const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
      this.passed += report.numPassedTests;
      // A file that cannot even be loaded has no tests that could fail, yet must count.
      const broken = report.testResults.filter(
        suite => suite.status === 'failed' && suite.assertionResults.length === 0,
      );
      this.failed += report.numFailedTests + broken.length;
      // Neither may an error outside of any test, nor a crash at the end, go unseen.
      if (!ok && report.numFailedTests + broken.length === 0) this.failed++;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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
