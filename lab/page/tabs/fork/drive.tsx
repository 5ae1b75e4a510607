import { useState } from 'preact/hooks';
import { ask } from '../../client.ts';
import { Chart, type Line } from '../../parts/chart.tsx';
import { percent, thousands } from '../../parts/format.ts';
import { latest } from '../../parts/latest.ts';
import { Slider } from '../../parts/slider.tsx';
import { attempt, state } from '../../store.ts';
import { describe, drop, fork, isBusy, keep, run } from './store.ts';

const goTo = latest((step: number) =>
  attempt('There is no way to that step', () => ask('fork.goTo', { step: Math.round(step) })),
);

/** Makes steps of both branches, goes back in both, and ends with one of them. */
export function Drive() {
  const [steps, setSteps] = useState(20);
  const { at, change, step, head, running } = fork.value!;
  const { training } = state.value;
  const rests = !running && !isBusy.value;
  return (
    <section class="making" aria-label="The two branches">
      <p class="told">
        <b>Forked at step {thousands(at)}</b>
        <br />
        <span class="side-original">original</span>
        <span class="side-branch">branch: {describe(change)}</span>
      </p>
      <label class="field">
        <span class="caption">steps</span>
        <input
          type="number"
          min={1}
          max={100_000}
          step={1}
          value={steps}
          onChange={({ currentTarget: { valueAsNumber } }) => {
            if (Number.isInteger(valueAsNumber) && valueAsNumber > 0) setSteps(valueAsNumber);
          }}
        />
      </label>
      {running ? (
        <button type="button" class="primary" onClick={() => void ask('fork.stop')}>
          Stop both
        </button>
      ) : (
        <button type="button" class="primary" disabled={!rests} onClick={() => void run(steps)}>
          Run both
        </button>
      )}
      {rests && training && training.step !== step && (
        <p class="muted" role="note">
          On another tab the original was taken to step {thousands(training.step)}. Below, both are of step{' '}
          {thousands(step)}; running both, or moving them, brings it back.
        </p>
      )}
      <Slider
        label="Step of both"
        whole
        low={at}
        high={Math.max(head, at + 1)}
        value={step}
        format={value => thousands(Math.round(value))}
        disabled={!rests || head === at}
        onInput={goTo}
      />
      <div class="buttons">
        <button
          type="button"
          disabled={!rests}
          title="The branch becomes the training of the lab; the original is given up"
          onClick={() => void keep()}
        >
          Keep this branch
        </button>
        <button type="button" disabled={!rests} onClick={() => void drop()}>
          Drop it
        </button>
      </div>
    </section>
  );
}

/** Loss and accuracy of each batch, of both branches over one another. */
export function Curves() {
  const { at, step, head, moments } = fork.value!;
  const lines = (part: 'loss' | 'accuracy'): Line[] =>
    (['original', 'branch'] as const).map(side => ({
      label: side,
      colour: side === 'original' ? '--c0' : '--c1',
      points: moments[side].map(one => [one.step, one[part]] as const),
      marks: head - at <= 1,
    }));
  const mark = step < head ? step : at;
  return (
    <section aria-labelledby="fork-curves-title">
      <h2 id="fork-curves-title">
        Each batch <span class="muted">the line marks {step < head ? `step ${thousands(step)}` : 'the fork'}</span>
      </h2>
      <div class="charts">
        <Chart title="Loss" format={value => value.toFixed(3)} lines={lines('loss')} at={mark} />
        <Chart title="Accuracy" format={value => percent(value, 0)} high={1} lines={lines('accuracy')} at={mark} />
      </div>
    </section>
  );
}
