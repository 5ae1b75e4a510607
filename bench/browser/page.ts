/** What runs in the page: the suite, by a button or called by the command through `globalThis.benchInPage`. */
import { describeAdapter } from '../../src/gpu/capabilities.ts';
import { openGpu } from '../../src/platform/browser.ts';
import { flopsOf } from '../counts.ts';
import { benchPage } from '../page.ts';
import type { Peer } from '../peers/peer.ts';
import { type PeerEntry, peers } from '../peers/registry.ts';
import { openTfjs } from '../peers/tfjs.ts';
import { openWeft } from '../peers/weft.ts';
import { FORMAT, type PeerNote, type Results, VERSION } from '../results.ts';
import { type Case, cases } from '../suites.ts';
import { type Entrant, measureInPage } from './measure.ts';
import type { PageOptions } from './options.ts';

/** Operations of the largest case on a processor that plays a GPU: in a browser that is slow. */
const SOFTWARE_FLOPS = 6e7;
/** What needs a process or a data set of its own, or says nothing in a page. */
const NOT_IN_A_PAGE = ['startup', 'memory', 'epoch'];

/** The cases of the command that a page can run here. */
function casesFor({ suites, names, quick }: PageOptions, software: boolean): Case[] {
  return cases.filter(work => {
    if (NOT_IN_A_PAGE.includes(work.op) || (quick && !work.quick)) return false;
    if (suites && !suites.includes(work.suite)) return false;
    if (names) return names.includes(work.name);
    // Whole networks count no operations here; they are larger than any kernel.
    const isNetwork = work.op === 'train_step' || work.op === 'forward';
    return !software || !(isNetwork || work.curve || flopsOf(work) > SOFTWARE_FLOPS || bytesAreMany(work));
  });
}

const bytesAreMany = (work: Case) => work.op === 'adam' && work.shape.size > 1e6;

async function openEntry({ name }: PeerEntry): Promise<Peer> {
  switch (name) {
    case 'weft':
      return await openWeft(undefined, 'shipped');
    case 'weft-tuned':
      return await openWeft(undefined, 'tuned');
    case 'tfjs-webgpu':
      return await openTfjs('webgpu', undefined);
    case 'tfjs-webgpu-flags':
      return await openTfjs('webgpu', undefined, true);
    default:
      throw new Error('it does not run in a page');
  }
}

globalThis.benchInPage = async options => {
  const log = globalThis.benchLog ?? show;
  const start = performance.now();
  const source = await openGpu();
  const { software, ...adapter } = describeAdapter(await source.requestAdapter());
  // Browsers tell no more of an adapter than its maker and its family.
  const device = adapter.device || [adapter.vendor, adapter.architecture].filter(Boolean).join(' ');
  const driver = adapter.description || browserName();
  const notes: PeerNote[] = [];
  const entrants: Entrant[] = [];
  for (const entry of peers.filter(({ name }) => options.peers.includes(name))) {
    try {
      const peer = await openEntry(entry);
      entrants.push({ entry, peer });
      notes.push({ ...noteOf(entry), version: entry.kind === 'weft' ? options.version : peer.version, device });
    } catch (cause) {
      notes.push({ ...noteOf(entry), missing: (cause as Error).message });
    }
  }
  const work = casesFor(options, software);
  const lines = [];
  for (const [i, one] of work.entries()) {
    log(`${i + 1}/${work.length}  ${one.name}`);
    lines.push(await measureInPage(one, entrants, options.rounds));
  }
  return {
    ...{ format: FORMAT, version: VERSION, date: new Date().toISOString() },
    host: {
      ...{ cpu: browserName(), cores: navigator.hardwareConcurrency, memoryBytes: deviceMemory() },
      ...{ os: navigator.platform, node: 'none: in a browser', weft: options.version },
    },
    adapter: { device, driver, software },
    settings: {
      ...{ suites: [...new Set(lines.map(({ suite }) => suite))], rounds: options.rounds, quick: options.quick },
      ...{ robustness: true, rest: true, seconds: (performance.now() - start) / 1000 },
    },
    ...{ peers: notes, lines },
  };
};

const browserName = () =>
  /(?:Headless)?(?:Chrome|Edg|Firefox|Safari)\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? 'browser';

const noteOf = ({ name, title, kind, settings }: PeerEntry): PeerNote => ({
  ...{ name, title, kind },
  ...(settings !== undefined && { settings }),
});

/** Chromium tells how many GiB there are, no more than 8. */
const deviceMemory = () => ((navigator as { deviceMemory?: number }).deviceMemory ?? 0) * 2 ** 30;

/** Name of the downloaded result. */
const FILE = 'weft-bench.json';

const find = (id: string) => document.getElementById(id);

function show(line: string): void {
  const status = find('status');
  if (status) status.textContent = line;
}

/** A person's run: by the button, with the choices that the page offers. */
find('run')?.addEventListener('click', async event => {
  const button = event.target as HTMLButtonElement;
  button.disabled = true;
  try {
    const quick = (find('quick') as HTMLInputElement).checked;
    const version = document.documentElement.dataset.version ?? '';
    const peers = ['weft', 'tfjs-webgpu', 'tfjs-webgpu-flags'];
    const results = await globalThis.benchInPage({ quick, version, peers, rounds: 5 });
    show(`done in ${results.settings.seconds.toFixed(0)} s`);
    offer(results);
  } catch (error) {
    show(String(error));
  } finally {
    button.disabled = false;
  }
});

/** Shows the report and offers the JSON, from which `weft bench --from` makes the same. */
function offer(results: Results): void {
  const button = find('download') as HTMLButtonElement;
  const address = URL.createObjectURL(new Blob([JSON.stringify(results, null, 1)], { type: 'application/json' }));
  button.hidden = false;
  button.onclick = () => Object.assign(document.createElement('a'), { href: address, download: FILE }).click();
  const frame = find('report') as HTMLIFrameElement;
  frame.srcdoc = benchPage(results);
  frame.hidden = false;
}
