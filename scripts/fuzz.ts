/** `weft fuzz [N]`: the tests that draw random shapes and graphs, with N times as many of them. */
import process from 'node:process';
import { parseArguments, toEnvironment } from './arguments.ts';
import { Checks } from './checks.ts';

/** Times the draws of `weft test`. */
const DEFAULT = 20;
const TESTS = ['test/kernels/variants.test.ts', 'test/tensor/gradients.test.ts'];
/** Of one test, in milliseconds, for each time that it draws what it otherwise does. */
const TIMEOUT = 120_000;

const HELP = `Usage: ./weft fuzz [options] [N] [vitest options]

try every variant of every kernel, and the gradient of every op, on N times as many random shapes and graphs as
./weft test does (default: ${DEFAULT})

Options:
  --json            print {"passed": N, "failed": N} on stdout, and all else on stderr
  --adapter <name>  part of a WebGPU adapter's name, or 'software' (also WEFT_ADAPTER)
  --no-install      never install or fetch system packages (also WEFT_NO_INSTALL=1)
  -t <pattern>      only the kernels and ops whose name matches; like all other options this goes to vitest
  -h, --help        display help for command

A failure names what failed with its seed.

Examples:
  $ ./weft fuzz
  $ ./weft fuzz 100 -t matmul
`;

const args = parseArguments('fuzz', process.argv.slice(2));
if (args.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const [first] = args.rest;
const given = first !== undefined && !first.startsWith('-');
const times = given ? Number(first) : DEFAULT;
if (!Number.isSafeInteger(times) || times < 1) {
  process.stderr.write(`weft: fuzz: N must be a whole number from 1, not '${first}'\n(--help tells more)\n`);
  process.exit(2);
}
toEnvironment(args);
process.env.WEFT_FUZZ = String(times);
const checks = new Checks(args.json);
checks.test(...TESTS, `--testTimeout=${TIMEOUT * times}`, ...args.rest.slice(given ? 1 : 0));
checks.finish();
