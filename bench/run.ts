/** A whole run: contenders, cases, progress; its result is the document of `results.ts`. */
import { cpus, release, totalmem, type } from 'node:os';
import process from 'node:process';
import { weftVersion } from '../src/cli/package-json.ts';
import type { AdapterInfo } from '../src/gpu/capabilities.ts';
import { UsageError } from '../src/platform/errors.ts';
import { type Budget, type Entrant, Experience, measureCase } from './measure.ts';
import { type PeerEntry, peers } from './peers/registry.ts';
import { measureProcesses, openContender } from './processes.ts';
import { FORMAT, type Host, type Line, type PeerNote, type Results, type Roofline, VERSION } from './results.ts';
import type { Case } from './suites.ts';

export interface RunOptions {
  readonly cases: readonly Case[];
  readonly entries: readonly PeerEntry[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly adapter: string | undefined;
  readonly log: (line: string) => void;
  /** Called after each case with all there is so far, so that a run that is ended early leaves what it has. */
  readonly save: (results: Results) => void;
}

/** Milliseconds of a round, and of all rounds of a row. */
const ROUND = 60;
const ROW = 1000;
/** The lines that the targets of the project name are measured longer. */
const ROW_OF_TARGETS = 5000;
const TARGETS = ['matmul', 'conv', 'steps', 'epoch'];
const ROW_OF_QUICK = 1000;

/** What a row takes with everything around it, on average over the whole selection. */
const SECONDS_A_ROW = { software: 1, gpu: 0.5 };

function budgetOf({ suite }: Case, { rounds, quick }: RunOptions): Budget {
  const row = quick ? ROW_OF_QUICK : TARGETS.includes(suite) ? ROW_OF_TARGETS : ROW;
  return { rounds, round: ROUND, row };
}

/** Weft takes part in every run: it is what the others are compared with. @throws UsageError for an unknown name. */
export function chooseEntries(names: readonly string[] | undefined): PeerEntry[] {
  for (const name of names ?? []) {
    if (peers.some(peer => peer.name === name)) continue;
    throw new UsageError(`bench: there is no peer '${name}'; there are ${peers.map(peer => peer.name).join(', ')}`);
  }
  return peers.filter(({ name }) => !names || name === 'weft' || names.includes(name));
}

export async function runCases(
  options: RunOptions,
  info: AdapterInfo,
  roofline: Roofline | undefined,
): Promise<Results> {
  const { cases, entries, rounds, quick, adapter, log } = options;
  const start = performance.now();
  const experience = new Experience();
  const notes: PeerNote[] = [];
  const entrants: Entrant[] = [];
  try {
    for (const entry of entries) {
      const { note, contender } = await openContender(entry, adapter);
      notes.push(note);
      if (contender) entrants.push({ entry, contender });
      log(
        `  ${entry.name.padEnd(18)} ${note.missing ? `missing: ${note.missing}` : `${note.version}, ${note.device}`}`,
      );
    }
    const expected =
      (cases.length * entrants.length * (info.software ? SECONDS_A_ROW.software : SECONDS_A_ROW.gpu)) / 60;
    log(`${cases.length} cases; all together about ${Math.ceil(expected)} min on an idle machine`);
    const lines: Line[] = [];
    const results = (): Results => ({
      ...{ format: FORMAT, version: VERSION, date: new Date().toISOString(), host: describeHost() },
      adapter: { device: info.device, driver: info.description, software: info.software },
      settings: {
        ...{ suites: [...new Set(lines.map(({ suite }) => suite))], rounds, quick, robustness: true, rest: true },
        seconds: (performance.now() - start) / 1000,
      },
      ...(roofline && { roofline }),
      ...{ peers: notes, lines },
    });
    const measuring = performance.now();
    for (const [i, work] of cases.entries()) {
      const began = performance.now();
      await revive(entrants, adapter);
      const line =
        work.op === 'startup' || work.op === 'memory'
          ? await measureProcesses(work, entries, adapter)
          : await measureCase(work, entrants, budgetOf(work, options), experience);
      lines.push(line);
      options.save(results());
      const now = performance.now();
      const left = ((now - measuring) / (i + 1)) * (cases.length - i - 1);
      const took = `${((now - began) / 1000).toFixed(1)} s`;
      log(
        `${String(i + 1).padStart(4)}/${cases.length}  ${work.name} (${took}; about ${Math.ceil(left / 60_000)} min left)`,
      );
    }
    return results();
  } finally {
    await Promise.all(entrants.map(({ contender }) => contender.close()));
  }
}

/** Starts those anew that died in the case before, or took too long for it. */
async function revive(entrants: Entrant[], adapter: string | undefined): Promise<void> {
  for (const [i, { entry, contender }] of entrants.entries()) {
    if (contender.alive) continue;
    const opened = await openContender(entry, adapter);
    if (opened.contender) entrants[i] = { entry, contender: opened.contender };
  }
}

function describeHost(): Host {
  const processors = cpus();
  return {
    ...{ cpu: processors[0]?.model.trim() ?? 'unknown', cores: processors.length, memoryBytes: totalmem() },
    ...{ os: `${type()} ${release()}`, node: process.version, weft: weftVersion() },
  };
}
