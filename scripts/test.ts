/**
 * `weft test [vitest arguments]`: types, lint, then the test suite; a file name as argument runs only the matching tests.
 * The last line counts all of it: "N passed, N failed".
 */
import process from 'node:process';
import { parseArguments, toEnvironment } from './arguments.ts';
import { Checks } from './checks.ts';

const HELP = `Usage: ./weft test [options] [FILE...] [vitest options]

check types, style and all tests of this clone, on the real adapter

Arguments:
  FILE              run only the tests whose file name has this in it, and no other check

Options:
  --json            print {"passed": N, "failed": N} on stdout, and all else on stderr
  --adapter <name>  part of a WebGPU adapter's name, or 'software' (also WEFT_ADAPTER)
  --no-install      never install or fetch system packages (also WEFT_NO_INSTALL=1)
  -t <pattern>      run only the tests whose name matches; like all other options this goes to vitest
  -h, --help        display help for command

WEFT_FUZZ=N draws N times as many random shapes and graphs; ./weft fuzz runs only the tests that draw some.

Examples:
  $ ./weft test
  $ ./weft test variants gradients -t conv2d
`;

const args = parseArguments('test', process.argv.slice(2));
if (args.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
toEnvironment(args);
const checks = new Checks(args.json);
// With arguments a developer looks at some tests; the checks of the whole tree would only stand in the way.
if (args.rest.length === 0) {
  checks.check('types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
  checks.check('lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings');
}
checks.test(...args.rest);
checks.finish();
