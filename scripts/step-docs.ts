/**
 * Writes docs/steps.md: what the training steps of the models come to on this machine's adapter, and on a GPU. Nothing is
 * run; the figures are those of `weft profile MODEL --plan`.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '../src/cli/output.ts';
import type { StepReport } from '../src/cli/profile.ts';
import { mergeNeighbours } from '../src/cli/profile-text.ts';
import { markdownTable } from '../src/report/section-markdown.ts';
import { shortenShape } from '../src/tensor/step-profile.ts';

const bin = fileURLToPath(new URL('../src/cli/bin.ts', import.meta.url));
const target = fileURLToPath(new URL('../docs/steps.md', import.meta.url));

const lastBlock = ['--size', '64', '--freeze', 'base.block1', 'base.block2', 'base.block3', 'base.block4'];
const STEPS: readonly { model: string; trained?: string; options: readonly string[] }[] = [
  { model: 'mlp', options: [] },
  { model: 'cnn', options: [] },
  { model: 'cnn', options: ['--batch', '1024'] },
  { model: 'cnn-best', options: [] },
  { model: 'resnet20', options: [] },
  { model: 'vgg16-plain', options: [] },
  { model: 'vgg16-plain', trained: 'head', options: ['--freeze', 'base'] },
  { model: 'vgg16-plain', trained: 'last block and head', options: lastBlock },
  { model: 'vgg16-plain', trained: 'last block and head', options: ['--batch', '1024', ...lastBlock] },
];

/** Bytes that a plan may be printed in: thousands of dispatches with all their parameters. */
const MAX_OUTPUT = 64 << 20;

/** Lists longer than this are counted by kernel instead. */
const LONGEST_LIST = 40;

const reports: { here: StepReport; gpu: StepReport; trained: string }[] = [];
for (const { model, trained = 'all', options } of STEPS) {
  const args = [model, ...options];
  reports.push({ here: plan(args), gpu: plan(['--unsliced', ...args]), trained });
}

/** The plan that the command line prints. A process of its own each time: drivers dislike many devices in one. */
function plan(args: readonly string[]): StepReport {
  const command = ['--import', 'tsx', bin, 'profile', '--plan', '--json', ...args];
  return JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8', maxBuffer: MAX_OUTPUT })) as StepReport;
}

const total = ({ dispatches, prepared }: StepReport) =>
  prepared > 0 ? `${dispatches.length} (+ ${prepared} once)` : String(dispatches.length);
const memory = ({ memory: { peak, live } }: StepReport) =>
  `${formatBytes(peak)} / ${formatBytes(live)} = ${(peak / live).toFixed(2)}`;

const overview = markdownTable(
  [
    ...['Model', 'Picture', 'Batch', 'Trained', 'GFLOP', 'Dispatches', 'Dispatches, GPU'],
    ...['Planned / alive', 'Planned / alive, GPU'],
  ],
  reports.map(({ here, gpu, trained }) => [
    ...[here.model, here.inputShape.join(' x '), String(here.batch), trained],
    ...[(here.flops / 1e9).toPrecision(3), total(here), total(gpu), memory(here), memory(gpu)],
  ]),
);

function listing({ dispatches }: StepReport): string {
  const lines = mergeNeighbours(dispatches);
  if (lines.length <= LONGEST_LIST) {
    const rows = lines.map(({ note, count }) => [String(count), note.kernel, note.variant, shortenShape(note.shape)]);
    return markdownTable(['Dispatches', 'Kernel', 'Variant', 'Shape'], rows);
  }
  const counts = new Map<string, number>();
  for (const { kernel } of dispatches) counts.set(kernel, (counts.get(kernel) ?? 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]).map(([kernel, count]) => [String(count), kernel]);
  return markdownTable(['Dispatches', 'Kernel'], rows);
}

const { adapter } = reports[0]!.here;
const listed = reports.filter(({ here, trained }) => trained === 'all' && here.batch < 1024).map(({ gpu }) => gpu);
writeFileSync(
  target,
  `# What a training step comes to

Made by \`npm run docs:steps\` on ${adapter.device}
(${adapter.driver}), ${new Date().toISOString().slice(0, 10)}.
Nothing was run: these are the plans that \`weft profile MODEL --plan\` prints for this adapter, and with \`--unsliced\` for
a GPU without subgroups. \`weft profile MODEL\` runs the step and adds times.

"Planned" is the sum of the buffers for the step's intermediates, "alive" the largest sum of tensors that are needed at one
time: no plan can take less. A software adapter starts kernels at no cost and pays for each load, so its variants of a
convolution come in many dispatches; on a GPU it is the other way round.

${overview}

${listed.map(gpu => `## ${gpu.model}, batch ${gpu.batch}, as for a GPU\n\n${listing(gpu)}`).join('\n\n')}
`,
);
