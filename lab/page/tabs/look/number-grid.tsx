import { brief, exact } from './numbers-text.ts';

/** More values than this are shown by their colours alone. */
const NUMBERED = 64;

export type Cell = { readonly value: number; readonly mark?: boolean } | undefined;

/** Numbers as they lie in a map, on a ground of orange (below zero) or blue (above). */
export function NumberGrid({
  cells,
  label,
  most,
  isBare = false,
  onPick,
}: {
  /** By row; undefined is outside of the map. */
  cells: readonly (readonly Cell[])[];
  label: string;
  /** Size of the number with the deepest colour. */
  most: number;
  /** Whether colours are enough: in larger windows, beside the products. */
  isBare?: boolean;
  onPick?: (row: number, column: number) => void;
}) {
  const columns = cells[0]?.length ?? 0;
  const isSmall = cells.length * columns <= NUMBERED;
  const isNumbered = isSmall && !isBare;
  const kind = isNumbered ? (columns > 5 ? 'small' : '') : isSmall ? 'coloured' : 'tiny';
  return (
    <figure class="numbered">
      <div class={`cells ${kind}`} style={{ '--columns': columns }}>
        {cells.map((row, y) =>
          row.map((cell, x) => {
            const key = `${y} ${x}`;
            if (!cell) return <span key={key} class="outside" title="outside of the map: 0" />;
            const { value, mark = false } = cell;
            const look = {
              class: `${value < 0 ? 'below' : 'above'} ${mark ? 'mark' : ''}`,
              style: { '--share': (most > 0 ? Math.min(1, Math.abs(value) / most) : 0).toFixed(3) },
              title: exact(value),
            };
            const text = isNumbered ? brief(value) : '';
            return onPick && isSmall ? (
              <button
                key={key}
                type="button"
                {...look}
                aria-label={isNumbered ? undefined : exact(value)}
                onClick={() => onPick(y, x)}
              >
                {text}
              </button>
            ) : (
              <span key={key} {...look}>
                {text}
              </span>
            );
          }),
        )}
      </div>
      <figcaption>{label}</figcaption>
    </figure>
  );
}
