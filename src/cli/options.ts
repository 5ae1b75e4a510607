import type { Command } from 'commander';
import { TRADES, type Trade } from '../kernels/spec.ts';
import { listOf } from './parse.ts';

/** The options that every command understands, before or after its name. */
export interface GlobalOptions {
  /** See `GpuOptions.adapter`. */
  adapter?: string;
  /** False with --no-tune; absent for commands that have no such option. */
  tune?: boolean;
  /** Read by the launcher before the command line gets here. */
  install: boolean;
}

/** What `allowOption` adds to a command's options. */
export interface AllowOptions {
  allow?: readonly Trade[];
}

/** A command's file: adds the command, with its action, to the program. */
export interface CommandModule {
  register(program: Command): void;
}

/** Adds an example to a command's --help; every command has at least one. */
export function example(command: Command, ...lines: string[]): Command {
  return command.addHelpText(
    'after',
    `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map(l => `  $ ${l}`).join('\n')}`,
  );
}

/** `--data`, for every command that reads a data set. */
export function dataOption(command: Command): Command {
  return command.option(
    '--data <path>',
    'a folder of idx files or an .npz file (default: Fashion-MNIST, also WEFT_DATA)',
  );
}

/** `--allow`, for every command that chooses kernels. */
export function allowOption(command: Command): Command {
  return command.option(
    '--allow <what,...>',
    `what kernels may give up for speed, of ${TRADES.join(', ')}; docs/kernels.md says what it costs (default: nothing)`,
    listOf(TRADES),
  );
}

/** `--json`, for every command that prints a result. */
export function jsonOption(command: Command): Command {
  return command.option('--json', 'print the result as one JSON document on stdout');
}

/** `--no-tune`, for every command whose kernels are chosen by measurements. */
export function tuneOption(command: Command): Command {
  return command.option(
    '--no-tune',
    'measure nothing and use no measurements of this machine: kernels are chosen by the tables that ship with weft',
  );
}
