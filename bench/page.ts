/** A benchmark run as one HTML page that needs nothing but itself: style and pictures are inside. */
import { listing, moment } from '../src/report/format.ts';
import { type Html, html, raw } from '../src/report/html.ts';
import { PAGE_CSS } from '../src/report/style.ts';
import { type Contender, growthChart, ladderChart, type RoofPoint, rooflineChart } from './charts.ts';
import { bestPeer, headline, rateOf, ratioOf } from './ratios.ts';
import type { Ladder, Line, Results, Row } from './results.ts';

/** Style of this page only. */
const CSS = `
.figures.bench { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1.4rem 2rem; }
.figures.bench li { font-size: .92rem; line-height: 1.4; }
figure { margin: 0; } tbody th { min-width: 8.5rem; }
.roof svg { width: 100%; min-width: 460px; max-width: 760px; height: auto; display: block; }
td.none { color: var(--muted); } td.ahead { color: var(--c2); } td.behind { color: var(--c1); }
details { margin: 1rem 0; } summary { cursor: pointer; }
`;

/** Lines whose ratios stand at the top: the targets of the project where they were run, else whatever was. */
const HEADLINE = /^(matmul 1024$|conv |peer-cnn training step|vgg16 forward, 32)/;
const MOST_FIGURES = 6;

export function benchPage(results: Results): string {
  const { adapter, host, date, settings, lines } = results;
  const title = `weft on ${adapter.device}`;
  const shown = lines.filter(line => !line.curve);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(PAGE_CSS + CSS)}</style>
</head>
<body>
<main>
<header>
<p class="meta">${moment(date)} · ${adapter.device} (${adapter.driver}) · ${host.cores} × ${host.cpu} · ${settings.rounds} interleaved rounds</p>
<h1>${title}</h1>
${figures(results)}
${summary(results)}
</header>
${roofline(results)}
${ladders(results)}
${growth(results)}
<section>
<h2>All lines</h2>
<p class="muted">Medians; in brackets the smallest and the largest round. The factor says how many times weft’s time it is on ${adapter.device}: above 1, weft is ahead.</p>
${settings.suites.map(suite => suiteTable(results, suite, shown))}
</section>
${contenders(results)}
${howItWasRun(results)}
</main>
</body>
</html>
`;
  return page.text;
}

/** 13.92 -> '14 times', 1.43 -> '1.4 times', 0.0312 -> '0.031 times'. */
const times = (ratio: number) => `${ratio < 0.95 ? ratio.toPrecision(2) : ratio.toFixed(ratio < 9.95 ? 1 : 0)} times`;

/** Everybody who took part, with a colour each: weft's own first. */
function contendersOf({ peers }: Results): Map<string, Contender> {
  const present = peers.filter(peer => peer.missing === undefined);
  const order = ['weft', 'webgpu', 'wasm', 'cpu', 'cuda'];
  present.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return new Map(present.map(({ name, title, kind }, colour) => [name, { name: title, kind, colour }]));
}

const titleOf = ({ peers }: Results, name: string) => peers.find(peer => peer.name === name)?.title ?? name;

function figures(results: Results): Html | undefined {
  const compared = results.lines.filter(line => !line.curve && ratioOf(results, line) !== undefined);
  const wanted = compared.filter(({ name, mode }) => HEADLINE.test(name) && mode === 'throughput');
  const chosen = (wanted.length > 0 ? wanted : compared).slice(0, MOST_FIGURES);
  if (chosen.length === 0) return undefined;
  const items = chosen.map(line => {
    const ratio = ratioOf(results, line)!;
    const peer = titleOf(results, bestPeer(results, line)!.peer);
    return html`<li><b>${times(ratio)}</b> as fast as ${peer} on ${results.adapter.device}: ${line.name}</li>`;
  });
  return html`<ul class="figures bench" aria-label="weft against the best WebGPU peer">${items}</ul>`;
}

/** What the whole run says, as sentences; each names the adapter. */
function summary(results: Results): Html {
  const { adapter, lines } = results;
  const ratios = lines.flatMap(line => {
    const ratio = ratioOf(results, line);
    return ratio === undefined ? [] : [{ line, ratio }];
  });
  if (ratios.length === 0) {
    return html`<p class="note">No WebGPU peer took part on ${adapter.device}, so there is nothing to compare with.</p>`;
  }
  const ahead = ratios.filter(({ ratio }) => ratio >= 1).length;
  const mean = Math.exp(ratios.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / ratios.length);
  const least = ratios.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  const most = ratios.reduce((a, b) => (b.ratio > a.ratio ? b : a));
  const single = ratios.length === 1;
  return html`<p>On ${adapter.device}${adapter.software ? ', a processor that plays a GPU,' : ''} weft in float32 is ahead of the best WebGPU
peer in ${ahead} of ${ratios.length} ${single ? 'line' : 'lines'}${
    single
      ? '.'
      : html`: by ${times(mean)} in the geometric mean, ${times(least.ratio)} at the least (${least.line.name}), ${times(most.ratio)} at the most (${most.line.name}).`
  }</p>`;
}

function roofline(results: Results): Html | undefined {
  const all = contendersOf(results);
  const points = results.lines.flatMap(({ name, flops, bytes, unit, rows, mode }) => {
    if (unit !== 'ms' || mode !== 'throughput' || !(flops > 0 && bytes > 0)) return [];
    return rows.flatMap(({ peer, value }): RoofPoint[] => {
      const contender = all.get(peer);
      if (!value || !contender) return [];
      const gflops = rateOf(flops, value.median)!;
      const title = `${contender.name}: ${name}, ${gflops.toPrecision(3)} GFLOP/s`;
      return [{ contender, intensity: flops / bytes, gflops, title }];
    });
  });
  if (points.length === 0) return undefined;
  const { roofline: roof, adapter } = results;
  const measured = roof
    ? `The roof is what microbenchmarks of ours reach on ${adapter.device}: ${roof.gflops.median.toPrecision(3)} GFLOP/s of multiply-adds, ${roof.gigabytesPerSecond.median.toPrecision(3)} GB/s of a copy.`
    : `This run has not measured what ${adapter.device} can do at most, so there is no roof.`;
  const chart = rooflineChart(`Kernels on ${adapter.device}`, points, roof);
  return html`<section>
<h2>Roofline</h2>
<p class="muted">Each mark is one kernel of one library; point at it for its name. ${measured} Caches hold small tensors, and libraries outside WebGPU do not run on the same driver: marks may lie above.</p>
<div class="scroll roof" role="region" aria-label="Roofline" tabindex="0">${raw(chart.svg)}</div>
</section>`;
}

function ladders({ ladders: all = [], adapter }: Results): Html | undefined {
  const charts = all.flatMap(ladder => {
    const timed = ladder.rungs.filter(rung => rung.time);
    return timed.length === 0 ? [] : [html`<figure>${raw(drawLadder(ladder))}</figure>`];
  });
  if (charts.length === 0) return undefined;
  return html`<section>
<h2>Ladders</h2>
<p class="muted">All variants of a kernel of weft that can compute the call on ${adapter.device}, from the plain one up, each proven against the reference before it was timed.</p>
<div class="charts">${charts}</div>
</section>`;
}

function drawLadder({ kernel, shape, flops, bytes, chosen, rungs }: Ladder): string {
  const rate = (ms: number) => rateOf(flops > 0 ? flops : bytes, ms)!;
  const bars = rungs.flatMap(({ variant, time, trades }) => {
    if (!time) return [];
    const note = [...(variant === chosen ? ['chosen'] : []), ...(trades ? [trades] : [])].join(', ');
    return [{ name: variant, value: rate(time.median), note, traded: trades !== undefined }];
  });
  const title = `${kernel} ${describeShape(shape)}`;
  return ladderChart(title, flops > 0 ? 'GFLOP/s' : 'GB/s', bars).svg;
}

/** The few numbers that people call a layer by. */
function describeShape(shape: Ladder['shape']): string {
  const { n, h, w, cin, cout, kh, kw, c, m, k } = shape;
  if (cin !== undefined) return `${n}×${h}×${w} ${cin}→${cout} ${kh}×${kw}`;
  if (c !== undefined && h !== undefined) return `${n}×${h}×${w}×${c} ${kh}×${kw}`;
  if (m !== undefined) return `${m}×${k} by ${k}×${n}`;
  return Object.entries(shape)
    .slice(0, 3)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function growth(results: Results): Html | undefined {
  const all = contendersOf(results);
  const lines = results.lines.filter(line => line.curve && line.unit === 'ms');
  const names = [...new Set(lines.map(line => line.curve!.name))];
  const charts = names.flatMap(name => {
    const own = lines.filter(line => line.curve!.name === name).sort((a, b) => a.curve!.at - b.curve!.at);
    const curves = [...all].flatMap(([peer, contender]) => {
      const points = own.flatMap(line => {
        const value = line.rows.find(row => row.peer === peer)?.value;
        return value ? [[line.curve!.at, value.median] as const] : [];
      });
      return points.length > 0 ? [{ contender, points }] : [];
    });
    if (curves.length === 0) return [];
    return [html`<figure>${raw(growthChart(name, own[0]!.curve!.axis, curves).svg)}</figure>`];
  });
  if (charts.length === 0) return undefined;
  return html`<section>
<h2>Growth</h2>
<p class="muted">Time over size on ${results.adapter.device}, both by powers: straight and steep is proportional, flat is a cost that does not depend on size.</p>
<div class="charts">${charts}</div>
</section>`;
}

function suiteTable(results: Results, suite: string, lines: readonly Line[]): Html | undefined {
  const own = lines.filter(line => line.suite === suite);
  if (own.length === 0) return undefined;
  const peers = results.peers.filter(({ name }) =>
    own.some(line => line.rows.some(row => row.peer === name && row.value)),
  );
  const head = peers.map(({ title }) => html`<th scope="col" class="n">${title}</th>`);
  const body = own.map(line => {
    const cells = peers.map(({ name }) =>
      cell(
        results,
        line,
        line.rows.find(row => row.peer === name),
      ),
    );
    const mode = line.mode === 'latency' ? html`<small>latency: read after each step</small>` : undefined;
    return html`<tr><th scope="row">${line.name}${mode}</th>${cells}</tr>`;
  });
  return html`<h3>${suite}</h3>
<div class="scroll" role="region" aria-label="${suite}" tabindex="0"><table><thead><tr><td></td>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function cell(results: Results, line: Line, row: Row | undefined): Html {
  if (!row?.value) return html`<td class="n none" title="${row?.skipped ?? 'not measured'}">–</td>`;
  const { median, min, max } = row.value;
  const ours = headline(line)?.value?.median;
  const isBest = bestPeer(results, line)?.peer === row.peer;
  const factor = ours !== undefined && row.peer !== 'weft' ? `${(median / ours).toPrecision(3)} ×` : '';
  const tone = factor && isBest ? (median >= ours! ? ' ahead' : ' behind') : '';
  const rate = rateOf(line.flops, median);
  const small = [
    `(${amount(line, min)}–${amount(line, max)})`,
    ...(rate === undefined ? [] : [`${rate.toPrecision(3)} GFLOP/s`]),
    ...(row.traded && row.error !== undefined ? [`error ${row.error.toExponential(1)}`] : []),
  ];
  return html`<td class="n${tone}">${amount(line, median)} ${line.unit === 'ms' ? 'ms' : ''} ${factor && html`<b>${factor}</b>`}
${small.map(text => html`<small>${text}</small>`)}</td>`;
}

const amount = ({ unit }: Line, value: number) =>
  unit === 'bytes' ? `${(value / 2 ** 20).toFixed(0)} MiB` : value >= 100 ? value.toFixed(0) : value.toPrecision(3);

function contenders({ peers }: Results): Html {
  const rows = peers.map(({ title, version, device, settings, missing }) => {
    const what = missing === undefined ? [version, device].filter(Boolean).join(', ') : `missing: ${missing}`;
    return html`<tr><th scope="row">${title}</th><td>${what}</td><td>${settings ?? 'its defaults'}</td></tr>`;
  });
  return html`<section>
<h2>Contenders</h2>
<div class="scroll" role="region" aria-label="Contenders" tabindex="0"><table>
<thead><tr><th scope="col">Name</th><th scope="col">What</th><th scope="col">Settings</th></tr></thead><tbody>${rows}</tbody></table></div>
</section>`;
}

function howItWasRun({ host, adapter, settings, lines, peers }: Results): Html {
  const skips = new Map<string, Set<string>>();
  for (const { rows } of lines) {
    for (const { peer, skipped } of rows) {
      if (skipped === undefined) continue;
      const title = peers.find(({ name }) => name === peer)?.title ?? peer;
      skips.set(skipped, (skips.get(skipped) ?? new Set()).add(title));
    }
  }
  const reasons = [...skips].map(([why, who]) => html`<li>${listing([...who])}: ${why}</li>`);
  return html`<section>
<h2>How it was run</h2>
<dl>
<dt>Adapter</dt><dd>${adapter.device}, ${adapter.driver}</dd>
<dt>Host</dt><dd>${host.cores} × ${host.cpu}, ${(host.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${host.os}, Node ${host.node}</dd>
<dt>weft</dt><dd>${host.weft}</dd>
<dt>Fairness</dt><dd>Results were checked before anything was timed; rounds alternate between the contenders; Dawn’s bounds checks
${settings.robustness ? 'on' : 'off'} for all; everybody on Dawn ${settings.rest ? 'rests' : 'does not rest'} while waiting, as weft does.</dd>
<dt>Rounds</dt><dd>${settings.rounds}${settings.quick ? ', quick' : ''}, ${(settings.seconds / 60).toFixed(1)} minutes in all</dd>
</dl>
${reasons.length > 0 ? html`<details><summary>What was not measured, and why</summary><ul>${reasons}</ul></details>` : undefined}
</section>`;
}
