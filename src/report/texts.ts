import { count, duration, listing, moment } from './format.ts';
import type { Comparison } from './types.ts';

/** 'MLP and CNN on Fashion-MNIST'. */
export function comparisonTitle({ runs, pending, data, headline }: Comparison): string {
  const titles = [...new Set([...runs, ...pending].filter(run => headline.includes(run.row)).map(run => run.title))];
  return `${listing(titles)} on ${data.name === 'fashion-mnist' ? 'Fashion-MNIST' : data.name}`;
}

/** Runs to come that are named one by one. */
const NAMED = 6;

/** What is still to come; undefined when the comparison is finished. */
export function pendingText({ pending }: Comparison): string | undefined {
  if (pending.length === 0) return undefined;
  const next = pending.slice(0, NAMED).map(({ title, seed }) => `${title} (seed ${seed})`);
  const names = pending.length > NAMED ? [...next, `${count(pending.length - NAMED)} more`] : next;
  const seconds = pending.reduce((sum, run) => sum + run.expectedSeconds, 0);
  return `Not finished: still to come ${listing(names)}, by this device’s measured speed ${duration(seconds)} of training. This file is written anew as each model ends.`;
}

/** Of the contrasts of a question. */
export function waiting(open: number): string {
  return `${open === 1 ? 'One comparison waits' : `${open} comparisons wait`} for runs to come.`;
}

/** What the numbers were measured on and with, as name and value. */
export function facts(comparison: Comparison): [name: string, value: string][] {
  const { data, device, versions, started, updated, pending, preset, command } = comparison;
  const training = data.subset
    ? `${count(data.trained)} of ${count(data.available.train)} images`
    : `${count(data.trained)} images`;
  return [
    ['Adapter', `${device.adapter}${device.software ? ' (software: a processor in place of a GPU)' : ''}`],
    ['Driver', device.driver],
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['Command', command],
    ['Preset', preset],
    ['Started', moment(started)],
    [pending.length === 0 ? 'Finished' : 'Updated', moment(updated)],
    [
      'Data',
      `${data.name}: ${training} for training, ${count(data.validation)} for validation, ${count(data.available.test)} for the test`,
    ],
    ['Training data', `sha256 ${data.sha256.train}`],
    ['Test data', `sha256 ${data.sha256.test}`],
  ];
}
