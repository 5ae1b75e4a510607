import type { TrainingState } from '../../../protocol.ts';
import type { FilterFate, ForkChange } from '../../../worker/fork.ts';
import { percent, rate } from '../../parts/format.ts';
import { usePictures } from '../../parts/pictures.ts';
import { Slider } from '../../parts/slider.tsx';
import { Thumb } from '../../parts/thumb.tsx';
import { state } from '../../store.ts';
import type { Offers } from './store.ts';

/** Pictures of the next step that are offered. */
const PICTURES = 24;

type Of<K extends ForkChange['kind']> = Extract<ForkChange, { kind: K }>;

/** What a kind of change is to begin with. */
export function firstChange(kind: ForkChange['kind'], offers: Offers, { dropout = 0 }: TrainingState): ForkChange {
  const { batch, kernels, learningRate } = offers;
  const classes = state.value.data!.classes.length;
  const [picture, kernel] = [batch[0]!, kernels[0]];
  switch (kind) {
    case 'none':
      return { kind };
    case 'learningRate':
      return { kind, value: 2 * learningRate };
    case 'dropout':
      return { kind, rate: dropout > 0 ? 0 : 0.5 };
    case 'filter':
      return { kind, parameter: kernel!.name, filter: 0, to: 'zero' };
    case 'label':
      return { kind, example: picture.example, label: (picture.label + 1) % classes };
  }
}

/** The particulars of a change. */
export function ChangeForm({
  change,
  offers,
  onChange,
}: {
  change: ForkChange;
  offers: Offers;
  onChange: (change: ForkChange) => void;
}) {
  switch (change.kind) {
    case 'none':
      return <p class="muted">A branch without a change has to come to the same bits.</p>;
    case 'learningRate':
      return (
        <Slider
          label={`Learning rate, was ${rate(offers.learningRate)}`}
          low={1e-5}
          high={1}
          logarithmic
          value={change.value}
          format={rate}
          onChange={value => onChange({ ...change, value: Number(value.toPrecision(2)) })}
        />
      );
    case 'dropout':
      return (
        <Slider
          label="Dropout"
          low={0}
          high={0.9}
          value={change.rate}
          format={value => percent(value, 0)}
          onChange={value => onChange({ ...change, rate: Number(value.toFixed(2)) })}
        />
      );
    case 'filter':
      return <FilterForm change={change} offers={offers} onChange={onChange} />;
    case 'label':
      return <LabelForm change={change} offers={offers} onChange={onChange} />;
  }
}

function FilterForm({
  change,
  offers: { kernels },
  onChange,
}: {
  change: Of<'filter'>;
  offers: Offers;
  onChange: (change: ForkChange) => void;
}) {
  const { filters = 1 } = kernels.find(({ name }) => name === change.parameter) ?? {};
  return (
    <>
      <label class="field">
        <span class="caption">of</span>
        <select
          value={change.parameter}
          onChange={({ currentTarget }) => onChange({ ...change, parameter: currentTarget.value, filter: 0 })}
        >
          {kernels.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="caption">filter</span>
        <select
          value={change.filter}
          onChange={({ currentTarget }) => onChange({ ...change, filter: Number(currentTarget.value) })}
        >
          {Array.from({ length: filters }, (_, filter) => (
            <option key={filter} value={filter}>
              {filter}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="caption">is</span>
        <select
          value={change.to}
          onChange={({ currentTarget }) => onChange({ ...change, to: currentTarget.value as FilterFate })}
        >
          <option value="zero">set to zero</option>
          <option value="negated">negated</option>
          <option value="drawn">drawn anew</option>
        </select>
      </label>
    </>
  );
}

/** A picture that the next step learns from, so that the change is felt at once. */
function LabelForm({
  change,
  offers: { batch },
  onChange,
}: {
  change: Of<'label'>;
  offers: Offers;
  onChange: (change: ForkChange) => void;
}) {
  const { classes = [], imageShape = [] } = state.value.data ?? {};
  const shown = batch.slice(0, PICTURES);
  const bytes = usePictures(shown.map(({ example }) => example));
  const size = imageShape.reduce((a, b) => a * b, 1);
  return (
    <>
      <fieldset class="batch">
        <legend class="caption">picture, of those that the next step learns from</legend>
        {shown.map(({ example, label }, i) => (
          <button
            key={example}
            type="button"
            class="toggle"
            aria-pressed={example === change.example}
            aria-label={`Picture ${example}, ${classes[label]}`}
            title={classes[label]}
            onClick={() => onChange({ ...change, example })}
          >
            {bytes && <Thumb bytes={bytes.subarray(i * size, (i + 1) * size)} shape={imageShape} />}
          </button>
        ))}
      </fieldset>
      <label class="field">
        <span class="caption">
          is {classes[batch.find(({ example }) => example === change.example)?.label ?? -1] ?? 'of another step'}, is
          called
        </span>
        <select
          value={change.label}
          onChange={({ currentTarget }) => onChange({ ...change, label: Number(currentTarget.value) })}
        >
          {classes.map((name, k) => (
            <option key={name} value={k}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
