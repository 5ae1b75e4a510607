import { useEffect, useState } from 'preact/hooks';
import type { TrainingState } from '../../../protocol.ts';
import type { ForkChange } from '../../../worker/fork.ts';
import { ask } from '../../client.ts';
import { thousands } from '../../parts/format.ts';
import { latest } from '../../parts/latest.ts';
import { Slider } from '../../parts/slider.tsx';
import { attempt } from '../../store.ts';
import { ChangeForm, firstChange } from './change.tsx';
import { isBusy, loadOffers, make, offers } from './store.ts';

const goTo = latest((step: number) =>
  attempt('There is no way to that step', () => ask('train.goTo', { step: Math.round(step) })),
);

/** Where the second branch begins, and what is otherwise in it. */
export function Make({ training }: { training: TrainingState }) {
  const { step, head, start, running } = training;
  const [change, setChange] = useState<ForkChange>({ kind: 'none' });
  useEffect(() => {
    if (!running) void loadOffers(step);
  }, [step, running]);
  const known = offers.value;
  return (
    <>
      <p class="intro muted">
        What would have become of this training, had one thing been different? Go back to any step, change one thing,
        and train both on: the original and the branch learn from the same pictures in the same order.
      </p>
      <section class="making" aria-label="A new branch">
        <Slider
          label="Fork at step"
          whole
          low={start}
          high={Math.max(head, start + 1)}
          value={step}
          format={value => thousands(Math.round(value))}
          disabled={running || head === start}
          onInput={goTo}
        />
        <label class="field">
          <span class="caption">change</span>
          <select
            value={change.kind}
            disabled={!known}
            onChange={({ currentTarget }) =>
              setChange(firstChange(currentTarget.value as ForkChange['kind'], known!, training))
            }
          >
            <option value="none">nothing</option>
            <option value="learningRate">learning rate</option>
            {training.dropout !== undefined && <option value="dropout">dropout</option>}
            {known && known.kernels.length > 0 && <option value="filter">a filter</option>}
            <option value="label">a label</option>
          </select>
        </label>
        {known && <ChangeForm change={change} offers={known} onChange={setChange} />}
        {running ? (
          <button type="button" onClick={() => void ask('train.pause')}>
            Pause training
          </button>
        ) : (
          <button type="button" class="primary" disabled={!known || isBusy.value} onClick={() => void make(change)}>
            {isBusy.value ? 'Making the branch …' : `Fork at step ${thousands(step)}`}
          </button>
        )}
      </section>
      {head === start && <p class="muted">Train for some steps before, to have a past to go back to.</p>}
    </>
  );
}
