/**
 * Writes docs/benchmarks.md from results of real runs:
 *
 *     npm run docs:bench -- bench/results/llvmpipe.json
 *
 * No figure of that page is typed in, and each table says in its caption on which adapter its ratios were measured.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '../src/cli/output.ts';
import { markdownTable } from '../src/report/section-markdown.ts';
import { bestPeer, headline, rateOf, ratioOf } from './ratios.ts';
import { reasonFor } from './reasons.ts';
import { type Line, type PeerNote, parseResults, type Results, type Row } from './results.ts';
import { comparedLines, EVERY_LINE, judge, times } from './targets.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MADE_BY = /^<!-- made by `npm run docs:bench -- (.*)` -->$/m;

const SUITES: Readonly<Record<string, string>> = {
  matmul: 'Matrix products',
  conv: 'A convolution of 64 pictures, 28x28, 32 to 64 channels',
  'conv-cnn': 'Convolutions of the CNN',
  'conv-resnet20': 'Convolutions of ResNet-20',
  'conv-vgg16': 'Convolutions of VGG16 on 32 pixels',
  pool: 'Pooling',
  softmax: 'Softmax cross-entropy',
  adam: 'Adam',
  steps: 'Whole networks',
  epoch: 'An epoch beside native libraries',
  growth: 'Growth with batch, width and resolution',
  startup: 'From the start of the process to the first step',
  memory: 'Memory',
};

/** The page of these runs, each given with the path by which the page names it. */
export function benchmarksPage(runs: readonly Run[]): string {
  const paths = runs.map(({ path }) => path).join(' ');
  return [
    '# Benchmarks',
    '',
    `<!-- made by \`npm run docs:bench -- ${paths}\` -->`,
    '',
    'weft beside other frameworks: `weft bench` measures, and `npm run docs:bench -- FILE` makes this page from what it wrote.',
    'All contenders run in processes of their own, on the same inputs, in alternating rounds; the results are compared before',
    'anything is timed, and what computes something else is not timed. Everybody on Dawn has the same adapter and the same',
    "toggles, with Dawn's bounds checks on, and rests while it waits. A ratio says how many times weft's median the other's is,",
    'the better of its default settings and its best public flags; rows that give up float32 products or sums for speed',
    '(Winograd, f16, TF32) are listed apart, with their error, and are in no ratio. GFLOP/s count a multiply-add as two, a',
    'Winograd convolution as the direct one.',
    ...adaptersOf(runs).flatMap(where => ['', ...promises(runs, where)]),
    ...runs.flatMap(({ path, results }) => ['', ...section(path, results)]),
    '',
  ].join('\n');
}

type Run = { readonly path: string; readonly results: Results };

const placeOf = ({ adapter: { device, driver } }: Results) => `${device} (${driver})`;

const adaptersOf = (runs: readonly Run[]) => [...new Set(runs.map(({ results }) => placeOf(results)))];

/** What is promised, and what all runs on one adapter say about it. */
function promises(runs: readonly Run[], where: string): string[] {
  const there = runs.filter(({ results }) => placeOf(results) === where);
  return [
    `## What is promised, on ${where}`,
    '',
    `What is promised, and what ${there.map(({ path }) => `[${path}](../${path})`).join(' and ')} show on ${where}:`,
    '',
    markdownTable(
      ['Promise', 'Measured', 'Holds'],
      judge(there.map(({ results }) => results)).map(({ promise, measured, holds }) => [
        promise,
        measured ?? 'not measured',
        holds === undefined ? '' : holds ? 'yes' : 'no',
      ]),
    ),
  ];
}

function section(path: string, results: Results): string[] {
  const { host, date, settings, roofline, lines } = results;
  const where = placeOf(results);
  const present = results.peers.filter(({ missing }) => missing === undefined);
  const absent = results.peers.filter(({ missing }) => missing !== undefined);
  return [
    `## ${where}: ${settings.suites.join(', ')}`,
    '',
    `Measured on ${date.slice(0, 10)} with weft ${host.weft} on ${host.cores} cores of ${host.cpu}, ${host.os}, Node ${host.node}; ` +
      `${settings.rounds} rounds at most, ${Math.round(settings.seconds / 60)} minutes${settings.quick ? ', the quick selection' : ''}. All of it is in [${path}](../${path}).`,
    '',
    ...(roofline
      ? [
          `Microbenchmarks of this adapter: ${figure(roofline.gflops.median)} GFLOP/s of multiply-adds in registers (${figure(roofline.gflops.min)} to ${figure(roofline.gflops.max)}), ` +
            `${figure(roofline.gigabytesPerSecond.median)} GB/s of copying (${figure(roofline.gigabytesPerSecond.min)} to ${figure(roofline.gigabytesPerSecond.max)}).`,
          '',
        ]
      : []),
    ...exceptions(results, where),
    ...settings.suites.flatMap(suite => suiteSection(results, suite, where)),
    ...tradedSection(results, where),
    ...processorSection(results, where),
    `### Contenders`,
    '',
    markdownTable(
      ['Name', 'What', 'Version', 'Where', 'Settings'],
      present.map(({ name, title, version = '', device = '', settings: set = 'defaults' }) => [
        name,
        title,
        version,
        device,
        set,
      ]),
    ),
    ...absent.flatMap(({ title, missing }) => ['', `${title} is missing: ${missing}.`]),
    ...(lines.length === 0 ? ['', 'No line was measured.'] : []),
  ];
}

/** Lines on which weft is less ahead than promised, each with the reason. */
function exceptions(results: Results, where: string): string[] {
  const below = comparedLines(results)
    .filter(({ ratio }) => ratio < EVERY_LINE)
    .sort((a, b) => a.ratio - b.ratio);
  if (below.length === 0) return [];
  const rows = below.map(({ line, ratio }) => [
    fullName(line),
    times(ratio),
    bestPeer(results, line)!.peer,
    reasonFor(line),
  ]);
  return [
    `Lines below ${EVERY_LINE} times the best WebGPU peer on ${where}:`,
    '',
    markdownTable(['Line', 'Ratio', 'Best peer', 'Why'], rows),
    '',
  ];
}

function suiteSection(results: Results, suite: string, where: string): string[] {
  const lines = results.lines.filter(line => line.suite === suite);
  if (lines.length === 0) return [];
  const natives = results.peers.filter(
    ({ kind, missing, traded }) =>
      (kind === 'cpu' || kind === 'cuda' || kind === 'wasm') && missing === undefined && !traded,
  );
  const shown = natives.filter(({ name }) => lines.some(line => rowOf(line, name)?.value));
  const columns = [
    'Line',
    'weft',
    'GFLOP/s',
    'of the roof',
    'Best WebGPU peer',
    '',
    'Ratio',
    ...shown.map(({ title }) => title),
  ];
  return [
    `### ${SUITES[suite] ?? suite}`,
    '',
    `On ${where}; ratios are those of the best WebGPU peer to weft, medians (in brackets the range of weft's rounds).`,
    '',
    markdownTable(
      columns,
      lines.map(line => cells(results, line, shown)),
    ),
    '',
  ];
}

function cells(results: Results, line: Line, natives: readonly PeerNote[]): string[] {
  const { roofline } = results;
  const ours = headline(line);
  const best = bestPeer(results, line);
  const ratio = ratioOf(results, line);
  const speed = ours?.value && line.unit === 'ms' ? rateOf(line.flops, ours.value.median) : undefined;
  return [
    fullName(line),
    ours?.value
      ? `${amount(line, ours)} (${bare(line, ours.value.min)} to ${bare(line, ours.value.max)})`
      : (rowOf(line, 'weft')?.skipped ?? ''),
    speed === undefined ? '' : figure(speed),
    speed === undefined || !roofline ? '' : `${Math.round((100 * speed) / roofline.gflops.median)} %`,
    ...(best ? [best.peer, amount(line, best)] : ['', '']),
    ratio === undefined ? '' : times(ratio),
    ...natives.map(({ name }) => {
      const row = rowOf(line, name);
      return row?.value ? amount(line, row) : '';
    }),
  ];
}

/** Winograd, f16, TF32: beside weft's or the peer's float32 row, never in a ratio to peers. */
function tradedSection(results: Results, where: string): string[] {
  const rows = results.lines.flatMap(line => {
    const ours = headline(line);
    return line.rows
      .filter(row => row.value && row.traded)
      .map(row => [
        fullName(line),
        row.peer,
        row.how ?? '',
        amount(line, row),
        ours?.value ? amount(line, ours) : '',
        row.error === undefined ? '' : row.error.toExponential(1),
      ]);
  });
  if (rows.length === 0) return [];
  return [
    '### What gives something up for speed',
    '',
    `On ${where}; the error is the largest difference from the float64 reference, as a share of the largest value.`,
    '',
    markdownTable(['Line', 'Contender', 'How', 'Time', 'weft in float32', 'Error'], rows),
    '',
  ];
}

/** On a shared machine the processor time tells more than the clock; on a GPU it tells what the host is busy with. */
function processorSection(results: Results, where: string): string[] {
  const steps = results.lines.filter(
    ({ suite, mode }) => (suite === 'steps' || suite === 'epoch') && mode === 'throughput',
  );
  if (steps.length === 0) return [];
  const rows = steps.flatMap(line =>
    line.rows
      .filter(row => row.value && !row.traded && row.processor !== undefined)
      .map(row => [fullName(line), row.peer, amount(line, row), `${bare(line, row.processor!)} ms`]),
  );
  return [
    '### Processor time',
    '',
    `Time on the clock and processor time of all threads of a contender's process, for one call, on ${where}:`,
    '',
    markdownTable(['Line', 'Contender', 'Clock', 'Processor'], rows),
    '',
  ];
}

const rowOf = ({ rows }: Line, name: string): Row | undefined => rows.find(({ peer }) => peer === name);
const fullName = ({ name, mode }: Line) => (mode === 'latency' ? `${name}, loss read each step` : name);
const figure = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const bare = ({ unit }: Line, value: number) => (unit === 'bytes' ? formatBytes(value) : figure(value));
const amount = (line: Line, { value }: Row) =>
  line.unit === 'bytes' ? formatBytes(value!.median) : `${figure(value!.median)} ms`;

/** The runs that a page was made from, by what it says itself. @throws Error when it does not say. */
export function runsOf(page: string): { path: string; results: Results }[] {
  const made = MADE_BY.exec(page);
  if (!made) throw new Error('docs/benchmarks.md: the line that says what it is made from is missing');
  return loadRuns(made[1]!.split(' '));
}

function loadRuns(paths: readonly string[]): { path: string; results: Results }[] {
  return paths.map(path => ({
    path,
    results: parseResults(readFileSync(new URL(path, `file://${ROOT}`), 'utf8'), path),
  }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = process.argv.slice(2);
  if (paths.length === 0) {
    console.error('usage: npm run docs:bench -- bench/results/NAME.json ...');
    process.exit(2);
  }
  writeFileSync(`${ROOT}docs/benchmarks.md`, benchmarksPage(loadRuns(paths)));
}
