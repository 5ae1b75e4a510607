/** What stands behind `weft test` or `weft fuzz`. */
export interface Arguments {
  readonly help: boolean;
  /** The counts as one JSON document on stdout, all else on stderr. */
  readonly json: boolean;
  readonly noInstall: boolean;
  readonly adapter?: string;
  /** What the command itself is for: files, options of vitest. */
  readonly rest: readonly string[];
}

/**
 * Takes out of the arguments what is not the test runner's. `./weft` hands on all that was typed, its own options and the
 * command's name among it; `npm test -- ...` only what follows.
 */
export function parseArguments(command: string, args: readonly string[]): Arguments {
  const rest: string[] = [];
  const flags = new Set<string>();
  let adapter: string | undefined;
  let named = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--adapter') adapter = args[++i];
    else if (arg.startsWith('--adapter=')) adapter = arg.slice('--adapter='.length);
    else if (['--help', '-h', '--json', '--no-install'].includes(arg)) flags.add(arg);
    else if (arg === command && !named && rest.length === 0) named = true;
    else rest.push(arg);
  }
  return {
    help: flags.has('--help') || flags.has('-h'),
    json: flags.has('--json'),
    noInstall: flags.has('--no-install'),
    ...(adapter !== undefined && { adapter }),
    rest,
  };
}

/** What the children of this process are to know of it. */
export function toEnvironment({ adapter, noInstall }: Arguments): void {
  if (adapter !== undefined) process.env.WEFT_ADAPTER = adapter;
  if (noInstall) process.env.WEFT_NO_INSTALL = '1';
}
