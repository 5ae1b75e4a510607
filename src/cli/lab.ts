import type { Command } from 'commander';
import { findDataSet } from '../data/find.ts';
import { nodeDataPlaces, nodeFiles, nodeWeights } from '../platform/node.ts';
import { RunFolder } from '../train/run-folder.ts';
import { listenForInterrupt } from './interrupt.ts';
import { openBrowser } from './lab/open-browser.ts';
import { serveSite } from './lab/serve.ts';
import { makeSite } from './lab/site.ts';
import { dataOption, example, type GlobalOptions, jsonOption } from './options.ts';
import { log, print, printJson } from './output.ts';
import { wholeFrom } from './parse.ts';

/** What `weft lab --json` prints once the page can be opened. */
export interface LabAddress {
  address: string;
  /** The folder of the run that it shows, if one was named. */
  run?: string;
}

interface LabOptions extends GlobalOptions {
  data?: string;
  json?: boolean;
  open: boolean;
  port: number;
  run?: string;
}

const PORT = 7377;

export function register(program: Command): void {
  const command = program
    .command('lab')
    .description('open the lab: a page that trains networks on your GPU and shows what goes on inside them')
    .option('--port <number>', 'port on this machine; 0 takes any that is free', wholeFrom(0), PORT)
    .option('--no-open', 'only print the address, open no browser')
    .option('--run <folder>', 'show the curves and the model of this run, as weft train makes them');
  example(
    jsonOption(dataOption(command)),
    'weft lab',
    'weft lab --run runs/cnn-seed1',
    'weft lab --port 0 --no-open --json',
  );
  command.action(async () => await serveLab(command.optsWithGlobals<LabOptions>()));
}

async function serveLab({ data, json, open, port, run }: LabOptions): Promise<void> {
  const folder = run === undefined ? undefined : new RunFolder(nodeFiles, run);
  // A wrong name is to be known before anything is served.
  await folder?.readConfig();
  const site = await makeSite(await findDataSet(nodeDataPlaces(data), log), folder, nodeWeights());
  using interrupt = listenForInterrupt();
  await using served = await serveSite(site, port);
  const { address } = served;
  if (json) printJson({ address, ...(run !== undefined && { run }) } satisfies LabAddress);
  else print(`The lab is at ${address} for this machine only; Ctrl-C ends it.`);
  if (open && !(await openBrowser(address)))
    log('No browser could be opened here; open that address in one with WebGPU.');
  await new Promise<void>(resolve => interrupt.signal.addEventListener('abort', () => resolve(), { once: true }));
}
