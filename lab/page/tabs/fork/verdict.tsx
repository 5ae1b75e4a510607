import type { ForkState } from '../../../worker/fork.ts';
import { digits, percent, thousands } from '../../parts/format.ts';
import { fork } from './store.ts';

type Difference = NonNullable<ForkState['difference']>;

/** Whether the two branches are the same to the last bit, where they first differ, and by how much they do. */
export function Verdict() {
  const { difference, step } = fork.value!;
  return (
    <section aria-labelledby="verdict-title">
      <h2 id="verdict-title">Same or not</h2>
      <p class="verdict" role="status">
        {difference ? says(fork.value!, difference) : 'Both run; they are compared when they stand.'}
      </p>
      {difference && !difference.bitIdentical && <Table parameters={difference.parameters} step={step} />}
    </section>
  );
}

function says({ at, change, head, step }: ForkState, { bitIdentical, firstDifferentStep, parameters }: Difference) {
  const count = sum(parameters.map(one => one.count));
  const differing = sum(parameters.map(one => one.differing));
  if (bitIdentical) {
    const losses = head > at ? ` and losses of all ${thousands(head - at)} steps since` : '';
    return `The same bits: all ${thousands(count)} numbers of both networks at step ${thousands(step)}${losses}.`;
  }
  const weights = `At step ${thousands(step)}, ${thousands(differing)} of ${thousands(count)} numbers of the networks differ.`;
  if (firstDifferentStep === undefined) return `No loss differs so far. ${weights}`;
  // The rate counts when a step has its loss already.
  const late = change.kind === 'learningRate' && firstDifferentStep === at + 2;
  const why = late
    ? ` Step ${thousands(at + 1)} has the same loss, and is the first to move the weights otherwise.`
    : '';
  return `The losses first differ at step ${thousands(firstDifferentStep)}.${why} ${weights}`;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function Table({ parameters, step }: Pick<Difference, 'parameters'> & { step: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" tabIndex={0} aria-label={`Differences of the numbers at step ${step}`}>
      <table class="differences">
        <thead>
          <tr>
            <th scope="col">numbers</th>
            <th scope="col">that differ</th>
            <th scope="col">largest difference</th>
            <th scope="col" title="Length of the difference over that of the original">
              relative
            </th>
          </tr>
        </thead>
        <tbody>
          {parameters.map(({ name, count, differing, largest, relative }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                {thousands(differing)} of {thousands(count)}
              </td>
              <td>{digits(largest)}</td>
              <td>{percent(relative, 2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
