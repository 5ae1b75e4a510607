import { amount, duration, percent, short, thousands } from '../../parts/format.ts';
import { Progress } from '../../parts/progress.tsx';
import { coloursOf, groupsOf, orderOf, weights } from './groups.ts';
import { busy, choose, chosen, GROUPINGS, type Grouping, grouping, list, measureStep, stop, times } from './store.ts';
import { StepTable } from './table.tsx';

/** The step in figures, as a bar, and as a list. */
export function Step() {
  const { rows, batch, prepared } = list.value!;
  const total = (of: 'flops' | 'bytes') => rows.reduce((sum, row) => sum + row[of], 0);
  const measured = times.value;
  const running = busy.value?.what === 'step' ? busy.value : undefined;
  const figures = [
    ['dispatches', String(rows.length)],
    ['batch', String(batch)],
    ['FLOP', short(total('flops'))],
    ['bytes moved', short(total('bytes'))],
    ['one by one', measured ? duration(measured.sum) : '–'],
    ['as training runs it', measured ? duration(measured.step) : '–'],
  ] as const;
  return (
    <section aria-labelledby="step-title" data-tour="step">
      <h2 id="step-title">One training step</h2>
      <div class="step-head">
        <dl class="figures">
          {figures.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {running ? (
          <Progress label={running.text} done={running.done} total={running.total} onStop={stop} />
        ) : (
          <button type="button" class="primary" disabled={busy.value !== undefined} onClick={() => void measureStep()}>
            {measured ? 'Measure again' : 'Measure the times'}
          </button>
        )}
      </div>
      <Groupings />
      <Bar />
      <p class="muted">
        {measured
          ? `By ${measured.timestamps ? 'timestamps of the device' : 'the clock of this computer'}; each dispatch many times in a row, on a copy of the network.`
          : 'By operations, until the times are measured.'}
        {prepared > 0 && ` ${prepared} more ran once, before the first step.`}
      </p>
      <StepTable />
    </section>
  );
}

function Groupings() {
  return (
    <fieldset class="choices">
      <legend class="caption">The step</legend>
      {Object.entries(GROUPINGS).map(([name, title]) => (
        <label key={name}>
          <input
            type="radio"
            name="grouping"
            checked={grouping.value === name}
            onChange={() => {
              grouping.value = name as Grouping;
            }}
          />
          {title}
        </label>
      ))}
    </fieldset>
  );
}

/** All dispatches side by side, each as wide as its part of the step. */
function Bar() {
  const step = list.value!;
  const measured = times.value;
  const groups = groupsOf(step, grouping.value, measured);
  const colours = coloursOf(groups);
  const own = weights(step, measured);
  const words = groups.slice(0, 6).map(({ name, share }) => `${name} ${percent(share, 0)}`);
  return (
    <>
      <div class="step-bar" role="img" aria-label={`Parts of the step: ${words.join(', ')}`}>
        {orderOf(step, grouping.value, groups).map(place => {
          const { kernel, variant, layer } = step.rows[place]!;
          const size = measured ? duration(own[place]!) : amount(own[place]!, 'FLOP');
          return (
            // The list below does the same by the keyboard.
            // biome-ignore lint/a11y/noStaticElementInteractions: a second way for who points
            // biome-ignore lint/a11y/useKeyWithClickEvents: as above
            <span
              key={place}
              class={`k${colours.get(place)} ${place === chosen.value ? 'chosen' : ''}`}
              style={{ flexGrow: own[place]! }}
              title={`${place + 1}: ${kernel}/${variant}${layer ? `, ${layer}` : ''}: ${size}`}
              onClick={() => void choose(place)}
            />
          );
        })}
      </div>
      <ul class="keys">
        {groups.map(({ name, places, share }, i) => (
          <li key={name} class={`k${Math.min(i, 8)}`}>
            {name} <b>{percent(share, share < 0.0995 ? 1 : 0)}</b>
            {places.length > 1 && <span class="muted"> × {thousands(places.length)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
