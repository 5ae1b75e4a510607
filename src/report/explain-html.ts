import type { Explained, ExplainedImage, HostArray } from '../study/index.ts';
import { lineChart } from './charts.ts';
import { type ColourMapName, gradientCss, limitOf, paint, photograph } from './colour-maps.ts';
import { cascadeSentence, curvesSentence, figure, halfway, verdict } from './explain-texts.ts';
import { moment, percent } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { pngAddress } from './pictures.ts';
import { scrolling } from './section-html.ts';
import { PAGE_CSS } from './style.ts';
import type { Picture } from './types.ts';

/** A picture explained, with all that the page says about it. */
export interface ExplainReport extends ExplainedImage {
  /** ISO 8601. */
  readonly created: string;
  readonly command: string;
  readonly adapter: string;
  /** Of the model, for people. */
  readonly title: string;
  readonly run: string;
  readonly image: HostArray;
  /** Which picture it is: 'test image 12'. */
  readonly imageName: string;
  /** What it shows, where that is known. */
  readonly label?: string;
  /** The most probable classes, the first the answer. */
  readonly top: readonly { readonly class: string; readonly probability: number }[];
  /** The class that is explained. */
  readonly target: { readonly index: number; readonly class: string; readonly probability: number };
  readonly leftOut: readonly { readonly title: string; readonly why: string }[];
}

export const scaleOf = ({ signed }: { readonly signed: boolean }): ColourMapName =>
  signed ? 'diverging' : 'sequential';

const CSS = `
.maps { display: flex; flex-wrap: wrap; gap: 1rem 1.2rem; margin: 1rem 0; padding: 0; list-style: none; align-items: flex-start; }
.maps li { margin: 0; max-width: none; }
.maps img { display: block; width: 168px; height: auto; image-rendering: pixelated; border: 1px solid var(--rule); }
.maps span, .steps span { display: block; font-size: .8rem; line-height: 1.35; color: var(--muted); margin-top: .3rem; }
.maps span { max-width: 168px; }
.steps { display: grid; grid-template-columns: repeat(auto-fill, minmax(88px, 1fr)); gap: .8rem; margin: .6rem 0 1rem; padding: 0; list-style: none; }
.steps li { margin: 0; overflow-wrap: anywhere; }
.steps img { display: block; width: 84px; height: auto; image-rendering: pixelated; border: 1px solid var(--rule); }
td.said { white-space: nowrap; }
.bar { width: 168px; margin-top: .4rem; font-size: .78rem; color: var(--muted); font-variant-numeric: tabular-nums; }
.bar i { display: block; height: 10px; border: 1px solid var(--rule); }
.bar.diverging i { background: ${gradientCss('diverging')}; } .bar.sequential i { background: ${gradientCss('sequential')}; }
.bar div { display: flex; justify-content: space-between; }
@media (max-width: 400px) { .maps img, .maps span, .bar { width: 136px; max-width: 136px; } }
`;

/** The page: one file, with pictures, charts and style inside. */
export function explainHtml(report: ExplainReport): string {
  const { created, adapter, command, explained, target, imageName, leftOut } = report;
  const title = `Why ${target.class}: ${imageName}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(PAGE_CSS)}${raw(CSS)}</style>
</head>
<body>
<main>
<header>
<p class="meta">${moment(created)} · ${adapter} · <code>${command}</code></p>
<h1>${title}</h1>
${answer(report)}
</header>
${overview(report)}
${explained.map(one => section(one, report))}
${leftOut.length === 0 ? undefined : omitted(leftOut)}
</main>
</body>
</html>
`;
  return page.text;
}

function image(picture: Picture, alt: string): Html {
  return html`<img src="${pngAddress(picture)}" width="${picture.width}" height="${picture.height}" alt="${alt}">`;
}

function answer({ title, run, image: pixels, imageName, label, top, target }: ExplainReport): Html {
  const truth = label === undefined ? undefined : html` It shows: ${label}.`;
  return html`<ul class="maps"><li>${image(photograph(pixels), imageName)}</li>
<li><p>${title} (<code>${run}</code>) answers:</p>
<table><tbody>${top.map(
    ({ class: name, probability }) => html`<tr><td>${name}</td><td class="n">${percent(probability, 1)}</td></tr>`,
  )}</tbody></table></li></ul>
<p>Explained is the score (the logit) of <b>${target.class}</b>, to which the network gives ${percent(target.probability, 1)}.${truth}</p>`;
}

function overview({ explained, controls }: ExplainReport): Html {
  const rows = explained.map(({ method, cascade, curves }) => {
    const last = cascade[cascade.length - 1]!;
    return html`<tr><th scope="row">${method.title}</th><td class="said">${verdict(cascade)}</td>
<td class="n">${figure(halfway(cascade).trained.rank)}</td><td class="n">${figure(last.trained.rank)}</td>
<td class="n">${figure(last.trained.rankOfAll)}</td><td class="n">${figure(last.trained.structure)}</td><td class="n">${figure(cascade[0]!.edges.rank)}</td>
<td class="n">${percent(curves.deletion.area, 0)}</td><td class="n">${percent(curves.insertion.area, 0)}</td></tr>`;
  });
  const others = [
    ['Pixels in random order', controls.random],
    ['Brightest pixels first', controls.magnitude],
  ] as const;
  const none = html`<td class="n"></td>`;
  const controlRows = others.map(
    ([
      name,
      { deletion, insertion },
    ]) => html`<tr><th scope="row">${name}</th><td>control</td>${[none, none, none, none, none]}
<td class="n">${percent(deletion.area, 0)}</td><td class="n">${percent(insertion.area, 0)}</td></tr>`,
  );
  const head = [
    'upper half random',
    'all random',
    'all random, background too',
    'all random, SSIM',
    'with edges',
    'deletion',
    'insertion',
  ];
  return html`<section>
<h2>Which maps to believe</h2>
<p>A map that shows what the network learned must change when its layers get random weights, from the last to the first; one that
stays is drawn by the picture alone, as an edge detector does. The first columns are the rank correlation of the map with that of the
trained network, over the pixels that are not black; over all pixels two maps are alike already where both leave the background out. Then
their structural similarity (SSIM), and the rank correlation with a Sobel filter’s edges. Deletion is the mean probability
while pixels are taken away in the map’s order (low is good), insertion while they are put back on black (high is good). All but two columns keep to the
${controls.foreground} pixels that are not black. All figures are of this one picture.</p>
${scrolling(
  'Controls',
  html`<thead><tr><td></td><td></td>${head.map(name => html`<th scope="col" class="n">${name}</th>`)}</tr></thead>
<tbody>${rows}${controlRows}</tbody>`,
)}
</section>`;
}

function section(one: Explained, { controls, image: pixels, imageName }: ExplainReport): Html {
  const { method, map, native, layer, cascade, completeness } = one;
  const scale = scaleOf(method);
  const last = cascade[cascade.length - 1]!;
  const grid =
    native &&
    html`<li>${image(paint(native, scale), `${method.title}, native grid`)}
<span>its own grid, ${native.shape.join(' x ')}${layer ? html` (<code>${layer}</code>)` : undefined}</span></li>`;
  return html`<section>
<h2>${method.title}</h2>
<p>${method.shows} <span class="muted">(${method.source})</span></p>
<ul class="maps">
<li>${image(photograph(pixels), imageName)}<span>the picture</span></li>
<li>${image(paint(map, scale), `${method.title} of ${imageName}`)}${bar(scale, limitOf(map))}</li>
${grid}
<li>${image(paint(last.map, scale), `${method.title} by a network of random weights`)}
<span>control: all weights random (scale of its own)</span></li>
</ul>
<p>${method.limits}</p>
${completeness && sumSentence(completeness)}
<ul><li>${cascadeSentence(one)}</li><li>${curvesSentence(one, controls)}</li></ul>
<ul class="steps" aria-label="Maps as layers get random weights">${cascade.map(
    ({ layers, map: stepMap, trained }) => html`<li>${image(paint(stepMap, scale), '')}
<span>${layers.length === 0 ? 'trained' : `+ ${named(layers)}`}<br>${figure(trained.rank)}</span></li>`,
  )}</ul>
<div class="charts">${raw(curvesChart(one, controls))}</div>
</section>`;
}

const named = (layers: readonly string[]) =>
  layers.length > 1 ? `${layers[0]} to ${layers[layers.length - 1]}` : layers[0]!;

function bar(scale: ColourMapName, limit: number): Html {
  const end = String(Number(limit.toPrecision(2)));
  const texts = scale === 'diverging' ? [`−${end}`, '0', end] : ['0', end];
  return html`<div class="bar ${scale}"><i></i><div>${texts.map(text => html`<b>${text}</b>`)}</div></div>`;
}

function sumSentence({ sum, difference, error }: NonNullable<Explained['completeness']>): Html {
  return html`<p>The shares add up to ${figure(sum)}; the score differs by ${figure(difference)} from that of the picture where the way began
(off by ${percent(error, 2)}).</p>`;
}

function curvesChart({ curves }: Explained, { random, magnitude }: ExplainedImage['controls']): string {
  const kinds = [
    { name: 'this map', colour: 0, of: curves },
    { name: 'random order', colour: 1, of: random },
    { name: 'brightest first', colour: 2, of: magnitude },
  ];
  const points = (values: Float64Array) =>
    Array.from(values, (value, i): [number, number] => [Math.round((100 * i) / (values.length - 1)), value]);
  return lineChart({
    title: 'Probability as pixels go (lines) and come (dots)',
    x: '% of the foreground changed',
    y: value => percent(value, 0),
    bounds: [0, 1],
    include: [0, 1],
    series: kinds.flatMap(({ name, colour, of }) => [
      { name, colour, points: points(of.deletion.probabilities) },
      { name: `${name}, back`, colour, dashed: true, points: points(of.insertion.probabilities) },
    ]),
  }).svg;
}

function omitted(leftOut: ExplainReport['leftOut']): Html {
  return html`<section><h2>Left out</h2><ul>${leftOut.map(({ title, why }) => html`<li>${title}: ${why}.</li>`)}</ul></section>`;
}
