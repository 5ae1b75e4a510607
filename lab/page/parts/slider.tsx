import { useId } from 'preact/hooks';

/** A value between two, in even steps or, for values that differ by factors, in even factors. */
export function Slider({
  label,
  value,
  low,
  high,
  logarithmic = false,
  format,
  disabled = false,
  onChange,
}: {
  label: string;
  value: number;
  low: number;
  high: number;
  logarithmic?: boolean;
  format: (value: number) => string;
  disabled?: boolean;
  onChange: (value: number) => void;
}) {
  const id = useId();
  const [to, from] = logarithmic ? [Math.log, Math.exp] : [Number, Number];
  const [start, end] = [to(low), to(high)];
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={0}
        max={200}
        disabled={disabled}
        value={Math.round((200 * (to(value) - start)) / (end - start))}
        aria-valuetext={format(value)}
        onInput={event => onChange(from(start + (Number(event.currentTarget.value) / 200) * (end - start)))}
      />
      <output for={id}>{format(value)}</output>
    </div>
  );
}
