import { CHART_CSS } from './svg.ts';

/** How the blocks of a section look, wherever they stand: what `blocksHtml` makes. */
export const BLOCK_CSS = `
.chip { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin-right: .45em; background: var(--c0); }
${[0, 1, 2, 3, 4, 5].map(i => `.chip.k${i} { background: var(--c${i}); }`).join(' ')}
.scroll { overflow-x: auto; margin: 0 -1rem; padding: 0 1rem; }
.scroll:focus-visible { outline: 2px solid var(--c0); outline-offset: -2px; }
table { border-collapse: collapse; font-size: .94rem; font-variant-numeric: tabular-nums; }
th, td { padding: .42rem .9rem .42rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; } thead th { white-space: nowrap; border-bottom-color: var(--muted); }
tbody th { font-weight: 400; color: var(--muted); min-width: 5.6rem; }
td.n, th.n { text-align: right; padding: .42rem 0 .42rem 1.1rem; white-space: nowrap; }
td.n + td:not(.n), th.n + th:not(.n) { padding-left: 1.4rem; }
table.lines td, table.lines th { white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 2rem 2.5rem; align-items: start; }
.charts svg, .charts > * { max-width: 100%; height: auto; }
.charts svg { display: block; width: 100%; max-width: 540px; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 1rem .8rem; margin: 0; padding: 0; list-style: none; }
.mistakes li { margin: 0; font-size: .8rem; line-height: 1.3; overflow-wrap: anywhere; }
.mistakes img { display: block; width: 84px; height: auto; image-rendering: pixelated; margin-bottom: .35rem; border: 1px solid var(--rule); }
.mistakes b { font-weight: 600; }
.sheets { display: flex; flex-wrap: wrap; gap: 1.4rem 2.2rem; align-items: flex-start; margin: 1rem 0; }
.sheets figure { margin: 0; max-width: 100%; }
.sheets img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; }
.sheets figcaption { font-size: .86rem; color: var(--muted); max-width: 34rem; margin-top: .4rem; }
`.trim();

/** The page's own style: no fonts or files from elsewhere, light or dark as the reader's system is, fit for 320 px and up. */
export const PAGE_CSS = `
${CHART_CSS}
:root { color-scheme: light dark; --ink: #1d2330; --muted: #5c6474; --rule: #d9dde5; --paper: #ffffff; --tint: #f5f6f9;
  --c0: #0072b2; --c1: #d55e00; --c2: #00856a; --c3: #a24a80; --c4: #8a6d00; --c5: #3a3f8f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --muted: #a3abba; --rule: #323948; --paper: #14171f; --tint: #1b1f29;
  --c0: #56b4e9; --c1: #f58b4c; --c2: #35c9a5; --c3: #dd8fbd; --c4: #e3c03c; --c5: #9aa2ff; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 2.5rem 1rem 4rem; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; margin: 0; }
h1 { font-size: clamp(1.7rem, 1.2rem + 2vw, 2.6rem); letter-spacing: -0.02em; }
h2 { font-size: 1.3rem; letter-spacing: -0.01em; margin: 3rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.5rem 0 .6rem; }
p, li { max-width: 46rem; text-wrap: pretty; }
ul { padding-left: 1.2rem; } li { margin: .5rem 0; }
.meta, .muted, caption { color: var(--muted); }
.meta { margin: 0 0 .6rem; font-size: .92rem; }
.note { background: var(--tint); border-left: 4px solid var(--c1); padding: .7rem 1rem; margin: 1.2rem 0; max-width: 48rem; }
.figures { display: flex; flex-wrap: wrap; gap: .8rem 2.6rem; margin: 1.8rem 0 .5rem; padding: 0; list-style: none; }
.figures li { margin: 0; }
.figures b { display: block; font-size: 2.2rem; line-height: 1.1; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
td small, th small { display: block; color: var(--muted); font-size: .82em; font-weight: 400; }
td.best { font-weight: 650; }
.split { display: grid; grid-template-columns: minmax(0, 1fr); column-gap: 3.5rem; }
@media (min-width: 1000px) { .split { grid-template-columns: minmax(0, 1fr) max-content; } }
${BLOCK_CSS}
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .35rem 1.4rem; margin: 0; font-size: .94rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (max-width: 520px) { table { font-size: .84rem; } th, td { padding-right: .5rem; } td.n, th.n { padding-left: .55rem; } }
@media print { main { padding: 0; } .charts, .mistakes li { break-inside: avoid; } }
`.trim();
