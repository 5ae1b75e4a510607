import { useRef, useState } from 'preact/hooks';

interface ConfusionProps {
  readonly matrix: readonly (readonly number[])[];
  readonly classes: readonly string[];
  /** Makes buttons of the cells. */
  readonly onChoose?: (actual: number, predicted: number) => void;
  readonly chosen?: readonly [actual: number, predicted: number] | undefined;
}

/** How often each class was taken for each other; rows are what the pictures are. */
export function Confusion({ matrix, classes, onChoose, chosen }: ConfusionProps) {
  const table = useRef<HTMLTableElement>(null);
  // One cell can be reached by Tab, the others from it by the arrow keys.
  const [[row, column], setAt] = useState<readonly [number, number]>([0, 0]);
  const move = (event: KeyboardEvent) => {
    const by = ARROWS[event.key];
    if (!by || !onChoose) return;
    event.preventDefault();
    const inside = (at: number) => Math.min(Math.max(at, 0), classes.length - 1);
    const [down, right] = [inside(row + by[0]), inside(column + by[1])];
    setAt([down, right]);
    table.current!.querySelectorAll('tbody tr')[down]!.querySelectorAll('button')[right]!.focus();
  };
  return (
    <section class="scroll" {...(!onChoose && { tabIndex: 0 })} aria-label="Confusion matrix">
      <table class="confusion" ref={table} onKeyDown={move}>
        <thead>
          <tr>
            <td />
            {classes.map(name => (
              <th key={name} scope="col">
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((counts, actual) => {
            const sum = Math.max(
              counts.reduce((a, b) => a + b, 0),
              1,
            );
            return (
              <tr key={classes[actual]}>
                <th scope="row">{classes[actual]}</th>
                {counts.map((count, predicted) => {
                  const says = `${classes[actual]} taken for ${classes[predicted]}: ${count} of ${sum}`;
                  return (
                    <td
                      key={classes[predicted]}
                      class={actual === predicted ? 'right' : 'wrong'}
                      style={{ '--share': Math.sqrt(count / sum).toFixed(3) }}
                      title={says}
                    >
                      {onChoose ? (
                        <button
                          type="button"
                          aria-label={says}
                          aria-pressed={chosen?.[0] === actual && chosen[1] === predicted}
                          tabIndex={actual === row && predicted === column ? 0 : -1}
                          onClick={() => {
                            setAt([actual, predicted]);
                            onChoose(actual, predicted);
                          }}
                        >
                          {count || ''}
                        </button>
                      ) : (
                        count || ''
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

const ARROWS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
