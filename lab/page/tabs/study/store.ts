/** The studies, what they are asked of, and what they found. */
import { computed, signal } from '@preact/signals';
import type { StudyHandlers } from '../../../study/handlers.ts';
import type {
  Finding,
  StudyAbout,
  StudyEvents,
  StudySubject,
  Subjects,
  TakenNetworks,
} from '../../../study/protocol.ts';
import { ask, Client, unlessStopped } from '../../client.ts';
import { download } from '../../keep.ts';
import type { Beside } from '../../shelf.ts';
import { attempt, momentName, state } from '../../store.ts';

export const studies = signal<readonly StudyAbout[]>([]);

export const IMAGES = [20, 50, 100, 200, 500, 1000] as const;
/** As the reader chose. */
const chosenImages = signal<number | undefined>(undefined);
/** How many pictures are looked at; a processor that plays the GPU is spared. */
export const images = computed(() => chosenImages.value ?? defaultImages());
/** The network that it is compared with, if any. */
export const beside = signal<Beside | undefined>(undefined);

/** What the findings are about. */
export const about = signal<(Subjects & { readonly network: string }) | undefined>(undefined);
/** By name of the study, all about the same networks and pictures. */
export const findings = signal<Readonly<Record<string, Finding>>>({});
/** The study that is being done, and how far it is. */
export const running = signal<{ readonly name: string; readonly text: string } | undefined>(undefined);

let client: Client<StudyHandlers, StudyEvents> | undefined;

/** The worker of the studies, begun when it is first needed. */
function worker(): Client<StudyHandlers, StudyEvents> {
  if (client) return client;
  client = new Client('study.js', 'weft studies');
  client.hear('progress', text => {
    if (running.value) running.value = { ...running.value, text };
  });
  return client;
}

export function chooseImages(count: number): void {
  chosenImages.value = count;
}

/** Floating-point operations for one picture from which on a network is a large one. */
const LARGE = 5e7;

function defaultImages(): (typeof IMAGES)[number] {
  const { engine, model } = state.value;
  if (engine.status === 'ready' && !engine.software) return 500;
  return model && model.flops > LARGE ? 20 : 100;
}

/** Learns what studies there are. */
export async function list(): Promise<void> {
  if (studies.value.length > 0) return;
  await attempt('The studies could not be listed', async () => {
    try {
      studies.value = await worker().ask('list');
    } catch (error) {
      // A worker that did not come will not come later either.
      end();
      throw error;
    }
  });
}

/** The newest wish; an older one, and one that was stopped, sees that it is not its turn any more. */
let latest = 0;

/** Does these studies of the network as it is now. Findings about another network, or other pictures, go. */
export async function run(names: readonly string[]): Promise<void> {
  if (running.value || names.length === 0) return;
  const mine = ++latest;
  const isWanted = () => mine === latest;
  running.value = { name: names[0]!, text: 'copying the network' };
  await attempt('The study could not be done', async () => {
    try {
      await unlessStopped(doAll(names, isWanted));
    } catch (error) {
      if (!isWanted()) return;
      // Whatever is wrong with it, such as a lost device: the next study begins with another worker.
      end();
      throw error;
    }
  });
  if (isWanted()) running.value = undefined;
}

async function doAll(names: readonly string[], isWanted: () => boolean): Promise<void> {
  const subject = describe(await ask('study.take', { beside: beside.value ? [beside.value] : [] }));
  const network = identity();
  if (!isWanted()) return;
  const opened = await worker().ask('open', subject);
  if (opened.key !== about.value?.key) findings.value = {};
  about.value = { ...opened, network };
  for (const name of names) {
    running.value = { name, text: 'beginning' };
    const found = await worker().ask('run', { name });
    findings.value = { ...findings.value, [name]: found };
  }
}

function describe(taken: TakenNetworks): StudySubject {
  const weights = momentName(taken.network.snapshot.step);
  return { ...taken, weights, title: `${taken.network.snapshot.config.name}, ${weights}`, images: images.value };
}

/** Ends the study at once; what was found before stays. */
export function stop(): void {
  latest++;
  end();
  running.value = undefined;
}

function end(): void {
  client?.end();
  client = undefined;
}

/** Saves what was found as a page that needs nothing else. */
export async function save(): Promise<void> {
  await attempt('The findings could not be saved', async () => {
    const outcomes = Object.values(findings.value).map(({ outcome }) => outcome);
    const page = await worker().ask('page', { about: about.value!, outcomes });
    download(`${about.value!.run.replace(/\W+/g, '-')}-study.html`, new TextEncoder().encode(page));
  });
}

/** Tells networks apart, but not what one of them has learned. */
const identity = () => JSON.stringify(state.value.model?.network);

/** Whether the network has gone on learning since, or is another one. */
export const isStale = computed(() => {
  const { network, weights } = about.value ?? {};
  return weights !== undefined && (network !== identity() || weights !== momentName(state.value.training?.step ?? 0));
});
