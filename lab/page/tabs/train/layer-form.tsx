import { useId } from 'preact/hooks';
import type { LayerConfig } from '../../../../src/nn/index.ts';
import { type Field, KINDS, optionOf } from './builder.ts';
import { insertLayer, moveLayer, removeLayer, setOption } from './draft.ts';

/** The options of a layer, and its place. */
export function LayerForm({ config, at, last }: { config: LayerConfig; at: number; last: boolean }) {
  const { fields = [] } = KINDS[config.type] ?? {};
  const name = String(config.name ?? config.type);
  return (
    <fieldset class="form" aria-label={`Options of ${name}`}>
      {fields.map(field => (
        <Option key={field.option} field={field} config={config} at={at} />
      ))}
      <span class="places">
        <Place label={`Move ${name} up`} sign="↑" disabled={at === 0} onClick={() => moveLayer(at, -1)} />
        <Place label={`Move ${name} down`} sign="↓" disabled={last} onClick={() => moveLayer(at, 1)} />
        <Place label={`Remove ${name}`} sign="×" onClick={() => removeLayer(at)} />
      </span>
    </fieldset>
  );
}

function Place(props: { label: string; sign: string; disabled?: boolean; onClick: () => Promise<void> }) {
  const { label, sign, disabled = false, onClick } = props;
  return (
    <button type="button" class="quiet" disabled={disabled} aria-label={label} onClick={() => void onClick()}>
      {sign}
    </button>
  );
}

function Option({ field, config, at }: { field: Field; config: LayerConfig; at: number }) {
  const id = useId();
  const value = optionOf(config, field);
  const set = (chosen: string | number) => void setOption(at, field.option, chosen);
  return (
    <div class="field">
      <label for={id}>{field.label}</label>
      {'choices' in field ? (
        <select
          id={id}
          value={value}
          onChange={({ currentTarget }) => {
            const isNumber = typeof field.choices[0] === 'number';
            set(isNumber ? Number(currentTarget.value) : currentTarget.value);
          }}
        >
          {field.choices.map(choice => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          type="number"
          value={value}
          min={field.low}
          max={field.high}
          step={field.step}
          onChange={({ currentTarget: { valueAsNumber } }) => {
            if (Number.isFinite(valueAsNumber)) set(Math.min(Math.max(valueAsNumber, field.low), field.high));
          }}
        />
      )}
    </div>
  );
}

/** Puts a new layer behind another. */
export function InsertLayer({ behind }: { behind: number }) {
  const id = useId();
  return (
    <div class="insert">
      <label for={id}>Add a layer here</label>
      <select
        id={id}
        value=""
        onChange={({ currentTarget }) => {
          const { value } = currentTarget;
          currentTarget.value = '';
          if (value) void insertLayer(behind, value);
        }}
      >
        <option value="">+</option>
        {Object.entries(KINDS).map(([type, { title }]) => (
          <option key={type} value={type}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
