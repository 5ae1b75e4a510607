import { type Range, type Rung, rank, type SearchSpace, type Settings } from '../train/search.ts';
import type { Chart } from './charts.ts';
import { count, duration, epochs as epochsOf, moment, percent } from './format.ts';
import { html, raw } from './html.ts';
import { type ScatterAxis, type ScatterChart, scatterChart } from './scatter.ts';
import { PAGE_CSS } from './style.ts';
import { standalone } from './svg.ts';
import type { DeviceReport } from './types.ts';

/** A setting that was tried. */
export interface SweepTrial {
  /** Of the search, from 0; trial 0 is what the recipe does by itself. */
  readonly trial: number;
  /** Of successive halving, from 0. */
  readonly rung: number;
  readonly epochs: number;
  readonly settings: Settings;
  /** After the last epoch, on the validation images; 0, and no loss, where the training diverged. */
  readonly valAccuracy: number;
  readonly valLoss?: number;
  readonly seconds: number;
}

/** A search, finished or not: all that its page shows. */
export interface SweepReport {
  /** Title of the recipe. */
  readonly title: string;
  readonly method: 'random' | 'halving';
  readonly space: SearchSpace;
  readonly rungs: readonly Rung[];
  /** The finished ones, in the order in which they were trained. */
  readonly trials: readonly SweepTrial[];
  readonly images: number;
  readonly validation: number;
  readonly data: { readonly name: string; readonly sha256: string };
  readonly device: DeviceReport;
  readonly versions: Readonly<Record<string, string>>;
  /** As it was typed. */
  readonly command: string;
  readonly seed: number;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly updated: string;
}

/** The best of the latest rung first: trials of fewer epochs do not stand beside those of more. */
export function ranked(trials: readonly SweepTrial[]): SweepTrial[] {
  const rungs = [...new Set(trials.map(({ rung }) => rung))].sort((a, b) => b - a);
  return rungs.flatMap(rung => rank(trials.filter(trial => trial.rung === rung)));
}

/** Trainings of the whole search. */
export const totalTrials = (rungs: readonly Rung[]): number => rungs.reduce((sum, { trials }) => sum + trials, 0);

export const trialName = ({ trial }: Pick<SweepTrial, 'trial'>) => (trial === 0 ? 'as it is' : String(trial));

/** Headings of the table of trials, and a trial's cells. */
export const trialColumns = (space: SearchSpace): string[] => [
  'Trial',
  ...Object.keys(space),
  'Epochs',
  'Validation accuracy',
  'Loss',
  'Time',
];

export function trialRow(report: Pick<SweepReport, 'space'>, trial: SweepTrial): string[] {
  const { settings, epochs, valAccuracy, valLoss, seconds } = trial;
  const values = Object.keys(report.space).map(key => String(settings[key as keyof Settings] ?? '·'));
  const judged = valLoss === undefined ? ['diverged', ''] : [percent(valAccuracy), valLoss.toFixed(4)];
  return [trialName(trial), ...values, String(epochs), ...judged, duration(seconds)];
}

/** What the search says, in a sentence that claims no more than one seed can. */
export function sweepSentence(report: SweepReport): string {
  const [best] = ranked(report.trials);
  if (!best) return 'No trial has finished yet.';
  const own = report.trials.find(({ trial, rung }) => trial === 0 && rung === best.rung);
  const settings = Object.entries(best.settings).map(([key, value]) => `${key} ${value}`);
  const what = best.trial === 0 ? 'what the recipe does by itself' : settings.join(', ');
  const against = own && own !== best ? `, ${percent(own.valAccuracy)} by the recipe’s own settings` : '';
  return (
    `With ${count(report.images)} images, after ${epochsOf(best.epochs)} and with seed ${report.seed}, the best of ` +
    `${report.trials.length} trials was ${what}: ${percent(best.valAccuracy)} of ${count(report.validation)} validation ` +
    `images${against}. It is the luckiest of several as well as the best, so expect less of it on other images.`
  );
}

/** Validation accuracy against each setting that was searched. */
function charts(report: SweepReport): Chart[] {
  return Object.entries(report.space).map(([key, range]) =>
    scatterChart(chartOf(report, key as keyof Settings, range)),
  );
}

function chartOf(report: SweepReport, key: keyof Settings, range: Range): ScatterChart {
  const finished = report.trials.filter(
    ({ valLoss, settings }) => valLoss !== undefined && settings[key] !== undefined,
  );
  const axis: ScatterAxis =
    'choices' in range
      ? { kind: 'names', names: range.choices.map(String) }
      : { kind: range.log ? 'log' : 'linear', low: range.low, high: range.high };
  const at = (value: number | string) => (axis.kind === 'names' ? axis.names.indexOf(String(value)) : Number(value));
  const series = report.rungs.map(({ epochs }, rung) => ({
    name: epochsOf(epochs),
    colour: rung,
    points: finished
      .filter(trial => trial.rung === rung)
      .map(trial => {
        const value = trial.settings[key]!;
        const what = `trial ${trialName(trial)}: ${key} ${value}, ${percent(trial.valAccuracy)}`;
        return { x: at(value), y: trial.valAccuracy, what };
      }),
  }));
  return { title: `Validation accuracy by ${key}`, x: key, axis, y: value => percent(value, 1), series };
}

/** The pictures as one SVG file. */
export function sweepSvg(report: SweepReport): string {
  return standalone(`Search of ${report.title}`, charts(report), 2);
}

/** The search as one HTML page that needs nothing but itself. */
export function sweepHtml(report: SweepReport): string {
  const { title, device, command, method, rungs, trials, images, validation, data, versions } = report;
  const left = totalTrials(rungs) - trials.length;
  const how =
    method === 'random'
      ? `Random search: ${rungs[0]!.trials} trials of ${epochsOf(rungs[0]!.epochs)}`
      : `Successive halving: ${rungs.map(rung => `${rung.trials} trials of ${epochsOf(rung.epochs)}`).join(', the best ')}`;
  const rows = ranked(trials).map(
    trial => html`<tr>${trialRow(report, trial).map(cell => html`<td class="n">${cell}</td>`)}</tr>`,
  );
  const facts: [string, string][] = [
    ['Method', how],
    [
      'Data',
      `${data.name}: ${count(images)} images for training, ${count(validation)} for validation (sha256 ${data.sha256})`,
    ],
    ['Adapter', `${device.adapter}, ${device.driver}`],
    [
      'Versions',
      Object.entries(versions)
        .map(pair => pair.join(' '))
        .join(', '),
    ],
    ['Command', command],
    ['Started', moment(report.started)],
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Search of ${title}</title>
<style>${raw(PAGE_CSS)}</style>
</head>
<body>
<main>
<header>
<p class="meta">${moment(report.updated)} · ${device.adapter} · <code>${command}</code></p>
<h1>Search of ${title}</h1>
${left > 0 ? html`<p class="note" role="status">Not finished: ${left} of ${totalTrials(rungs)} trainings are still to come.</p>` : undefined}
<p>${sweepSentence(report)}</p>
<p class="muted">Judged by validation images alone; the test set was not read.</p>
</header>
<section>
<h2>What was tried</h2>
<div class="charts">${charts(report).map(chart => raw(chart.svg))}</div>
<div class="scroll" role="region" aria-label="Trials" tabindex="0"><table>
<thead><tr>${trialColumns(report.space).map(name => html`<th scope="col" class="n">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>
</section>
<section>
<h2>How it was run</h2>
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>
</main>
</body>
</html>
`.text;
}
