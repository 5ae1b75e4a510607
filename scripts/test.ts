/**
 * `weft test [vitest arguments]`: types, lint, then the test suite; a file name as argument runs only the matching tests.
 * The last line counts all of it, each check that is not a test as one: "N passed, N failed".
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Options of the launcher, which have done their work when this runs. */
const LAUNCHER = new Set(['test', '--no-install']);
const args = process.argv
  .slice(2)
  .filter((arg, i, all) => !LAUNCHER.has(arg) && !isAdapter(arg) && !isAdapter(all[i - 1]));
if (process.argv.includes('--no-install')) process.env.WEFT_NO_INSTALL = '1';

function isAdapter(arg: string | undefined): boolean {
  return arg === '--adapter' || Boolean(arg?.startsWith('--adapter='));
}

let passed = 0;
let failed = 0;

function run(script: string, ...options: string[]): boolean {
  const path = join(ROOT, script);
  const command = script.endsWith('.ts') ? ['--import', 'tsx', path] : [path];
  return spawnSync(process.execPath, [...command, ...options], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

function check(name: string, script: string, ...options: string[]): void {
  const ok = run(script, ...options);
  console.log(`${ok ? '✓' : '✗'} ${name}`);
  if (ok) passed++;
  else failed++;
}

/** The part of vitest's JSON report that is counted. */
interface Report {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

function runTests(): void {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-'));
  const file = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const ok = run('node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args);
    if (!existsSync(file)) {
      failed++;
      return;
    }
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    passed += report.numPassedTests;
    // A file that cannot even be loaded has no tests that could fail, yet must count.
    const broken = report.testResults.filter(suite => suite.status === 'failed' && suite.assertionResults.length === 0);
    failed += report.numFailedTests + broken.length;
    // Neither may an error outside of any test, nor a crash at the end, go unseen.
    if (!ok && report.numFailedTests + broken.length === 0) failed++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// With arguments a developer looks at some tests; the checks of the whole tree would only stand in the way.
if (args.length === 0) {
  check('types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
  check('lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings');
}
runTests();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
