import { muted, type Section, type Table } from '../document.ts';
import { count, duration, percent } from '../format.ts';
import type { Comparison, FigureBeside, Trial } from '../types.ts';

/** Every run, none left out, with what it takes to have it again. */
export function runsSection({ runs }: Comparison): Section | undefined {
  if (runs.length === 0) return undefined;
  const short = (hash: string) => hash.slice(0, 12);
  return {
    title: 'Every run',
    blocks: [
      {
        kind: 'table',
        name: 'Every run',
        oneLine: true,
        head: ['Run', 'seed', 'test accuracy', 'images', 'images seen', 'time', 'config', 'weights', 'again'],
        rows: runs.map(run => [
          run.row === run.model ? run.title : `${run.title} (${run.row})`,
          String(run.seed),
          percent(run.test.accuracy),
          count(run.trained),
          run.seen === undefined ? 'n/a' : count(run.seen),
          duration(run.seconds),
          short(run.sha256.config),
          short(run.sha256.weights),
          run.repeat,
        ]),
      },
      muted(
        'Config and weights: first digits of the SHA-256 of what decides a run and of the weights that were tested; in full in results.json.',
      ),
    ],
  };
}

/** Settings that were chosen, with all that were not. */
export function trialsSection({ trials }: Comparison): Section | undefined {
  if (trials.length === 0) return undefined;
  const best = (one: Trial) =>
    trials.filter(({ group }) => group === one.group).every(({ valAccuracy }) => valAccuracy <= one.valAccuracy);
  const table: Table = {
    kind: 'table',
    name: 'Choices by validation',
    head: ['Trial', 'settings', 'validation accuracy', 'time', ''],
    rows: trials.map(trial => [
      trial.title,
      Object.entries(trial.settings)
        .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(3)) : value}`)
        .join(', '),
      percent(trial.valAccuracy),
      duration(trial.seconds),
      best(trial) ? 'taken' : 'not taken',
    ]),
  };
  return { title: 'Choices by validation', blocks: [table, muted('The test images had no part in any of these.')] };
}

/** Figures of others, each with whether it can be taken at its word. */
export function besideSection({ beside = [] }: Comparison): Section | undefined {
  if (beside.length === 0) return undefined;
  const table: Table = {
    kind: 'table',
    name: 'Figures from elsewhere',
    head: ['', 'test accuracy', 'setting', 'choices', 'from'],
    rows: beside.map(({ title, accuracy, setting, source, testWasValidation }) => [
      title,
      percent(accuracy, 1),
      setting,
      testWasValidation ? 'the test set served as validation' : 'none by the test set',
      source,
    ]),
  };
  return { title: 'Figures from elsewhere', blocks: [...caution(beside), table] };
}

function caution(beside: readonly FigureBeside[]) {
  const flattered = beside.filter(({ testWasValidation }) => testWasValidation);
  if (flattered.length === 0) return [];
  const names = flattered.map(({ title, accuracy }) => `${title} ${percent(accuracy, 0)}`).join(', ');
  return [
    muted(
      `Where the test set served as validation (${names}), choices may have been made by the images that the figure is of: it is an upper bound of what new images would show, and no match for the figures of this report.`,
    ),
  ];
}
