import { useId, useState } from 'preact/hooks';

const MARKS = 1000;

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** For values that differ by factors. */
  readonly logarithmic?: boolean;
  /** For whole numbers. */
  readonly whole?: boolean;
  readonly format: (value: number) => string;
  readonly disabled?: boolean;
  /** Told of every value on the way. */
  readonly onInput?: (value: number) => void;
  /** Told of the value that it was left at. */
  readonly onChange?: (value: number) => void;
}

/** A value between two. While it is dragged it shows where it is, not what has become of it. */
export function Slider({
  label,
  value,
  low,
  high,
  logarithmic = false,
  whole = false,
  format,
  disabled = false,
  ...told
}: SliderProps) {
  const id = useId();
  const [held, hold] = useState<number | undefined>(undefined);
  const [to, from] = logarithmic ? [Math.log, Math.exp] : [Number, Number];
  const [start, end] = [to(low), to(high)];
  const marks = whole ? high - low : MARKS;
  const shown = held ?? value;
  const valueAt = ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
    from(start + (Number(currentTarget.value) / marks) * (end - start));
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={0}
        max={marks}
        disabled={disabled}
        value={Math.round((marks * (to(shown) - start)) / (end - start))}
        aria-valuetext={format(shown)}
        onInput={event => {
          const now = valueAt(event);
          hold(now);
          told.onInput?.(now);
        }}
        onChange={event => {
          told.onChange?.(valueAt(event));
          hold(undefined);
        }}
      />
      <span aria-hidden="true">{format(shown)}</span>
    </div>
  );
}
