import { type Beside, shelf } from '../shelf.ts';

/** Chooses a network of the shelf to stand beside the one that everything is about, or none. */
export function BesideSelect({
  value,
  disabled = false,
  onChoose,
}: {
  value: Beside | undefined;
  disabled?: boolean;
  onChoose: (beside: Beside | undefined) => void;
}) {
  return (
    <label class="field">
      <span class="caption">beside the network</span>
      <select
        value={value ? shelf.value.indexOf(value) : -1}
        disabled={disabled}
        onChange={({ currentTarget }) => onChoose(shelf.value[Number(currentTarget.value)])}
      >
        <option value={-1}>none</option>
        {shelf.value.map(({ title }, i) => (
          <option key={title} value={i}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
