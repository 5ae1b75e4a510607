/** How far something is that takes a while, and a way to stop it. Without `done` and `total` nobody can tell. */
export function Progress({
  label,
  done,
  total,
  onStop,
}: {
  label: string;
  done?: number | undefined;
  total?: number | undefined;
  onStop: () => void;
}) {
  return (
    <div class="progress">
      <progress aria-label={label} max={total} value={done} />
      <span class="muted">{label}</span>
      <button type="button" onClick={onStop}>
        Stop
      </button>
    </div>
  );
}
