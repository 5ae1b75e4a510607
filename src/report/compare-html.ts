import { heatMap, recallChart } from './charts.ts';
import { conclusions, method } from './conclusions.ts';
import { accuracyChart, lossChart } from './curves.ts';
import { count, duration, magnitude, moment, percent, points } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { pngAddress } from './pictures.ts';
import { chip, scrolling, sectionHtml } from './section-html.ts';
import { answerSections, closerSections, recordSections } from './sections/index.ts';
import { PAGE_CSS } from './style.ts';
import { type ModelSummary, summarize } from './summary.ts';
import { comparisonTitle, facts, pendingText } from './texts.ts';
import type { Comparison, Mistake } from './types.ts';

/** The comparison as one HTML page that needs nothing but itself: pictures, charts and style are inside. */
export function comparisonHtml(comparison: Comparison): string {
  const models = summarize(comparison);
  const title = comparisonTitle(comparison);
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
<p class="meta">${moment(comparison.updated)} · ${comparison.device.adapter} · <code>${comparison.command}</code></p>
<h1>${title}</h1>
${pending(comparison)}
${headline(models)}
</header>
${models.length === 0 ? undefined : results(comparison, models)}
${recordSections(comparison).map(sectionHtml)}
${howItWasRun(comparison, models)}
</main>
</body>
</html>
`;
  return page.text;
}

function pending(comparison: Comparison): Html | undefined {
  const text = pendingText(comparison);
  return text ? html`<p class="note" role="status">${text}</p>` : undefined;
}

function headline(models: readonly ModelSummary[]): Html | undefined {
  if (models.length === 0) return undefined;
  const figures = models.map((m, i) => html`<li><b>${percent(m.accuracy, 1)}</b>${chip(i)}${m.title}</li>`);
  return html`<ul class="figures" aria-label="Test accuracy">${figures}</ul>
<p class="muted">of the test images classified correctly</p>`;
}

/** Columns of a table that leaves room for the sentences beside it. */
const BESIDE = 3;

function results(comparison: Comparison, models: readonly ModelSummary[]): Html {
  const { classes } = comparison.data;
  const curves = models.map(({ title, runs, epochs }) => ({
    name: runs.length > 1 ? `${title} (mean of ${runs.length})` : title,
    epochs,
  }));
  const several = models.some(m => m.runs.length > 1);
  return html`<div class="${models.length <= BESIDE ? 'split' : 'stack'}">
<section>
<h2>What the numbers say</h2>
<ul>${conclusions(comparison, models).map(text => html`<li>${text}</li>`)}</ul>
</section>
<section>
<h2>Results</h2>
${scrolling('Results', resultsTable(models))}
</section>
</div>
${answerSections(comparison, models).map(sectionHtml)}
<section>
<h2>Training</h2>
<div class="charts">${raw(lossChart(curves).svg)}${raw(accuracyChart(curves).svg)}</div>
</section>
<section>
<h2>Classes</h2>
<div class="charts">
${raw(recallChart(classes, models).svg)}
${scrolling('Precision and recall', classTable(models, classes))}
</div>
</section>
<section>
<h2>What was taken for what</h2>
${several ? html`<p class="muted">Counts and shares are sums over the seeds.</p>` : undefined}
<div class="charts">${models.map(m => raw(heatMap(m.title, m.confusion, classes).svg))}</div>
<h3>Most confused</h3>
<div class="charts">${models.map((m, i) => scrolling(`Most confused by ${m.title}`, pairsTable(m, i)))}</div>
</section>
<section>
<h2>Worst mistakes</h2>
<p class="muted">Test images that a model got wrong while it was surest of its answer.</p>
${models.map((m, i) => mistakes(m, i, classes))}
</section>
${closerSections(comparison, models).map(sectionHtml)}`;
}

/** Models as columns: the few of them fit a telephone where a dozen measures would not. */
function resultsTable(models: readonly ModelSummary[]): Html {
  const row = (
    name: string,
    cell: (m: ModelSummary) => string | Html,
    best?: (m: ModelSummary) => number,
    note?: string,
  ) => {
    const top = best && models.length > 1 ? Math.max(...models.map(best)) : undefined;
    const cells = models.map(
      m => html`<td class="n${top !== undefined && best!(m) === top ? ' best' : ''}">${cell(m)}</td>`,
    );
    return html`<tr><th scope="row">${name}${note ? html`<small>${note}</small>` : undefined}</th>${cells}</tr>`;
  };
  const head = models.map((m, i) => html`<th scope="col" class="n">${chip(i)}${m.title}</th>`);
  return html`<thead><tr><td></td>${head}</tr></thead>
<tbody>
${row('Test accuracy', accuracyCell, m => m.accuracy)}
${row(
  'Test loss',
  m => m.loss.toFixed(4),
  m => -m.loss,
  'cross-entropy',
)}
${row('Parameters', m => count(m.parameters))}
${row('Operations an image', m => magnitude(m.flopsPerImage), undefined, 'FLOPs, forward')}
${row('Training time', m => duration(m.seconds), undefined, timeNote(models))}
${row('Training speed', m => `${count(m.imagesPerSecond)} images/s`)}
${row('Tested weights', testedEpochs)}
${row('Seeds', m => m.runs.map(run => run.seed).join(', '))}
</tbody>`;
}

function timeNote(models: readonly ModelSummary[]): string {
  const isFrozen = models.some(({ runs }) => runs.some(({ featureSeconds }) => featureSeconds !== undefined));
  return isFrozen ? 'with validation, and what frozen layers compute once' : 'with validation';
}

function accuracyCell(m: ModelSummary): Html {
  const small = m.interval
    ? `95 %: ${(100 * m.interval.low).toFixed(1)} to ${percent(m.interval.high, 1)}`
    : `± ${points(m.deviation ?? 0, 2)} (sd of ${m.runs.length})`;
  return html`${percent(m.accuracy)}<small>${small}</small>`;
}

function testedEpochs(m: ModelSummary): Html {
  const epochs = [...new Set(m.runs.map(run => run.tested.epoch))].join(', ');
  const why = m.runs.some(run => run.tested.because === 'best-validation') ? 'best validation' : 'the last';
  return html`epoch ${epochs}<small>${why}</small>`;
}

function classTable(models: readonly ModelSummary[], classes: readonly string[]): Html {
  const head = models.map((m, i) => html`<th scope="colgroup" colspan="2" class="n">${chip(i)}${m.title}</th>`);
  const names = models.map(() => html`<th scope="col" class="n">precision</th><th scope="col" class="n">recall</th>`);
  const rows = classes.map((name, k) => {
    const cells = models.map(({ scores }) => {
      const { precision, recall } = scores[k]!;
      return html`<td class="n">${percent(precision, 1)}</td><td class="n">${percent(recall, 1)}</td>`;
    });
    return html`<tr><th scope="row">${name}</th>${cells}</tr>`;
  });
  return html`<thead><tr><td></td>${head}</tr><tr><td></td>${names}</tr></thead><tbody>${rows}</tbody>`;
}

function pairsTable(m: ModelSummary, index: number): Html {
  const support = new Map(m.scores.map(score => [score.name, score.support]));
  const rows = m.pairs.map(
    pair => html`<tr><td>${pair.actual}</td><td>${pair.predicted}</td><td class="n">${count(pair.count)}</td>
<td class="n">${percent(pair.count / support.get(pair.actual)!, 1)}</td></tr>`,
  );
  return html`<thead><tr><th scope="col">${chip(index)}${m.title}: is</th><th scope="col">was called</th>
<th scope="col" class="n">images</th><th scope="col" class="n">of the class</th></tr></thead><tbody>${rows}</tbody>`;
}

function mistakes(m: ModelSummary, index: number, classes: readonly string[]): Html {
  const run = m.runs[0]!;
  const item = ({ picture, index, label, predicted, probability }: Mistake) => {
    const [is, called] = [classes[label], classes[predicted]];
    return html`<li><img src="${pngAddress(picture)}" width="${picture.width}" height="${picture.height}" alt="test image ${index}, ${is}">
<b>${is}</b><br>called ${called}, ${percent(probability, 1)}<br><span class="muted">no. ${index}</span></li>`;
  };
  const seed = m.runs.length > 1 ? ` (seed ${run.seed})` : '';
  return html`<h3>${chip(index)}${m.title}${seed}</h3><ul class="mistakes">${run.test.worst.map(item)}</ul>`;
}

function howItWasRun(comparison: Comparison, models: readonly ModelSummary[]): Html {
  const rows = facts(comparison).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  const options = models.map(({ title, description, runs }) => {
    const text = Object.entries(runs[0]!.options).map(([name, value]) => `${name} ${value}`);
    return html`<dt>${title}</dt><dd>${[description, ...text].join('; ')}</dd>`;
  });
  return html`<section>
<h2>How it was run</h2>
<ul>${method(comparison, models).map(text => html`<li>${text}</li>`)}</ul>
<dl>${rows}${options}</dl>
</section>`;
}
