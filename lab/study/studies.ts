import { ValueError } from '../../src/index.ts';
import { count } from '../../src/report/format.ts';
import { blocksHtml } from '../../src/report/section-html.ts';
import { runStudy, type Subject } from '../../src/report/study/index.ts';
import { studySection } from '../../src/report/study/page.ts';
import { describeSite } from '../worker/open.ts';
import type { Finding, StudySubject, Subjects } from './protocol.ts';
import { type OpenSubject, openSubject } from './subject.ts';

interface Opened extends Disposable {
  readonly subject: Subject;
  readonly about: Subjects;
}

/** The studies of one subject after the other. They run until they are done: the page stops one by ending the worker. */
export class Studies {
  private opened: Opened | undefined;

  /** @param progress hears how far a study is. */
  constructor(private readonly progress: (text: string) => void) {}

  /**
   * Makes these networks and pictures the ones that are studied; nothing happens when they are already.
   * @throws AdapterError without WebGPU.
   */
  async open(input: StudySubject): Promise<Subjects> {
    const key = keyOf(input);
    if (this.opened?.about.key === key) return this.opened.about;
    this.opened?.[Symbol.dispose]();
    this.opened = undefined;
    const opened = await openSubject(input);
    const about = await describe(key, input, opened);
    // One object for all studies of it: what several want is computed once.
    const subject = { ...opened.subject, signal: NEVER, progress: this.progress };
    this.opened = { subject, about, [Symbol.dispose]: opened[Symbol.dispose] };
    return about;
  }

  /** @throws ValueError before a subject was opened, or for a study that there is not. */
  async run(name: string): Promise<Finding> {
    if (!this.opened) throw new ValueError(`study '${name}': nothing is open`);
    const outcome = await runStudy(name, this.opened.subject);
    return { outcome, html: blocksHtml(studySection(outcome).blocks).text };
  }
}

const NEVER = new AbortController().signal;

function keyOf({ network, others, ...asked }: StudySubject): string {
  const keys = [network, ...others].map(({ snapshot: { key, seed }, ...about }) => ({ key, seed, ...about }));
  return JSON.stringify([keys, asked]);
}

async function describe(
  key: string,
  input: StudySubject,
  { subject, data, seed, isBeginningKnown }: OpenSubject,
): Promise<Subjects> {
  const { engine, run, others, unseen } = subject;
  const { device, description, vendor, architecture, software } = engine.gpu.device.info;
  const { weft } = await describeSite();
  return {
    key,
    isBeginningKnown,
    format: 'weft study 1',
    command: 'weft lab',
    run: run.path,
    others: others.map(({ path }) => path),
    title: input.network.snapshot.config.name,
    parameters: run.model.parameters.count,
    seed,
    weights: input.weights,
    data,
    images: `${count(unseen.images.count)} ${unseen.what}`,
    device: { adapter: device || [vendor, architecture].filter(Boolean).join(' '), driver: description, software },
    versions: { weft, browser: navigator.userAgent },
  };
}
