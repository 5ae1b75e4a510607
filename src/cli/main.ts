import { createRequire } from 'node:module';
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { InterruptedError, UsageError, WeftError } from '../platform/errors.ts';
import { type CommandModule, example } from './options.ts';
import { log } from './output.ts';

/** What a command's process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Each command's file by its name. Loaded on demand: a command must not wait for the imports of all others. */
const COMMANDS: Record<string, () => Promise<CommandModule>> = {
  augment: () => import('./augment.ts'),
  bench: () => import('./bench.ts'),
  compare: () => import('./compare.ts'),
  convert: () => import('./convert.ts'),
  doctor: () => import('./doctor.ts'),
  eval: () => import('./eval.ts'),
  explain: () => import('./explain.ts'),
  lab: () => import('./lab.ts'),
  predict: () => import('./predict.ts'),
  profile: () => import('./profile.ts'),
  repeat: () => import('./repeat.ts'),
  study: () => import('./study.ts'),
  sweep: () => import('./sweep.ts'),
  train: () => import('./train.ts'),
  tune: () => import('./tune.ts'),
};

/** Parses the arguments (without node and script), runs the command and returns the exit code. Throws nothing. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const program = makeProgram();
    const named = commandIn(args);
    for (const load of named ? [named] : Object.values(COMMANDS)) (await load()).register(program);
    // Commands inherit neither of the two by themselves once they exist.
    for (const command of withSubcommands(program)) command.exitOverride().showHelpAfterError('(--help tells more)');
    if (args.length === 0) program.help();
    await program.parseAsync(args, { from: 'user' });
    // A command that failed without an exception, such as doctor, sets the code itself.
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return report(error);
  }
}

function makeProgram(): Command {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const program = new Command('weft')
    .description('WebGPU Engine For Training: trains CNNs with WebGPU, from TypeScript and WGSL alone.')
    .version(version)
    .option('--adapter <name>', "part of a WebGPU adapter's name, or 'software' (also WEFT_ADAPTER)")
    .option('--no-install', 'never install or fetch system packages (also WEFT_NO_INSTALL=1; ./weft heeds it)');
  program.addHelpText(
    'after',
    '\nIn a clone: ./weft test runs its tests, ./weft fuzz [N] runs them on N times as many random shapes.',
  );
  program.addHelpText('after', '\nExit codes: 0 done, 1 failed with a message, 2 wrong usage, 130 interrupted.');
  example(program, 'weft doctor', 'weft doctor --json --adapter software');
  return program;
}

/** The command that is meant, if that is certain: the first argument which is neither option nor an option's value. */
function commandIn(args: readonly string[]): (() => Promise<CommandModule>) | undefined {
  const name = args.find((arg, i) => !arg.startsWith('-') && args[i - 1] !== '--adapter');
  return name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

const withSubcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(withSubcommands)];

/** Says on stderr what went wrong and gives the exit code for it. */
function report(error: unknown): number {
  // Commander has already printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const debug = Boolean(process.env.WEFT_DEBUG);
  if (error instanceof WeftError) {
    log(debug ? String(error.stack) : `${error.name}: ${error.message}`);
    if (error instanceof InterruptedError) return EXIT.interrupted;
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  log(`${message}\nThis is a defect of weft, not of your input; please report it${debug ? '' : ' with WEFT_DEBUG=1'}.`);
  if (debug && error instanceof Error) log(String(error.stack));
  return EXIT.failed;
}

/** Ctrl-C ends a command with 130 at once, unless it has a handler of its own (training saves first). */
process.on('SIGINT', () => {
  if (process.listenerCount('SIGINT') === 1) process.exit(EXIT.interrupted);
});
// A reader that has seen enough (`weft doctor | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

const code = await main(process.argv.slice(2));
// After a failure something may still hold the GPU, and with it the process; after success that would be a defect.
process.exitCode = code;
// Leaving at once would cut off what is still on its way into a pipe, such as the JSON of a failed diagnosis.
if (code !== EXIT.done) process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
