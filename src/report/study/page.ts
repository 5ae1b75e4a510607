import type { FileStore } from '../../platform/platform.ts';
import type { Section } from '../document.ts';
import { count, duration, moment } from '../format.ts';
import { html, raw } from '../html.ts';
import { toPng } from '../pictures.ts';
import { sectionHtml } from '../section-html.ts';
import { PAGE_CSS } from '../style.ts';
import { standalone } from '../svg.ts';
import { STUDIES } from './index.ts';
import type { StudyOutcome, StudyReport } from './study.ts';

/** Names of a report's files within its folder; beside them lie its sheets as PNG, and the charts of each study as SVG. */
export const STUDY_FILES = { html: 'study.html', results: 'results.json' } as const;

/** What a study found, as a part of the page. Of another version of weft it may be one that is not known here. */
export function studySection(outcome: StudyOutcome): Section {
  const study = STUDIES[outcome.name];
  if (!study) return { title: outcome.name, blocks: [{ kind: 'text', text: 'This weft does not know this study.' }] };
  const { title } = study;
  if ('unfit' in outcome) return { title, blocks: [{ kind: 'text', text: `Not done: ${outcome.unfit}.` }] };
  return { title, blocks: study.section(outcome.result) };
}

/** The report as one HTML page that needs nothing but itself: pictures, charts and style are inside. */
export function studyHtml(report: StudyReport): string {
  return pageHtml(report, report.studies.map(studySection));
}

function pageHtml(report: StudyReport, sections: readonly Section[]): string {
  const title = `Inside ${report.title}`;
  const links = sections.map(section => html`<li>${section.title}</li>`);
  const rows = facts(report).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(PAGE_CSS)}</style>
</head>
<body>
<main>
<header>
<p class="meta">${moment(report.updated)} · ${report.device.adapter} · <code>${report.command}</code></p>
<h1>${title}</h1>
<p class="muted">${report.run}: ${count(report.parameters)} parameters, ${report.weights}, seed ${report.seed}; looked at with ${report.images}.</p>
<ul>${links}</ul>
</header>
${sections.map(sectionHtml)}
<section>
<h2>How it was made</h2>
<dl>${rows}</dl>
</section>
</main>
</body>
</html>
`;
  return page.text;
}

function facts(report: StudyReport): [name: string, value: string][] {
  const { command, run, others, data, images, device, updated, versions, studies } = report;
  const times = studies.flatMap(study => ('seconds' in study ? [`${study.name} ${duration(study.seconds)}`] : []));
  return [
    ['Command', command],
    ['Run', run],
    ...(others.length > 0 ? [['Beside it', others.join(', ')] as [string, string]] : []),
    ['Data', `${data}; ${images}`],
    ['Adapter', `${device.adapter}${device.software ? ' (software)' : ''}, ${device.driver}`],
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['Finished', moment(updated)],
    ['Time', times.join(', ')],
  ];
}

/** Charts side by side in a file. */
const COLUMNS = 2;

/** Writes the report, finished or not, into its folder, each file as a whole. */
export async function writeStudy(files: FileStore, folder: string, report: StudyReport): Promise<void> {
  const sections = report.studies.map(studySection);
  const blocks = sections.flatMap(section => section.blocks);
  const sheets = blocks.flatMap(block => (block.kind === 'sheets' ? block.sheets : []));
  for (const { name, picture } of sheets) await files.write(`${folder}/${name}.png`, toPng(picture));
  for (const [i, { title, blocks }] of sections.entries()) {
    const charts = blocks.flatMap(block => (block.kind === 'charts' ? block.charts : []));
    if (charts.length === 0) continue;
    await files.write(`${folder}/${report.studies[i]!.name}.svg`, standalone(title, charts, COLUMNS));
  }
  await files.write(`${folder}/${STUDY_FILES.results}`, `${JSON.stringify(report)}\n`);
  await files.write(`${folder}/${STUDY_FILES.html}`, pageHtml(report, sections));
}
