import { ask } from '../../client.ts';
import { percent, thousands } from '../../parts/format.ts';
import { usePictures } from '../../parts/pictures.ts';
import { Thumb } from '../../parts/thumb.tsx';
import { attempt, state } from '../../store.ts';
import { examined, rows, sheet } from './store.ts';

/** Pictures on a sheet. */
const SHEET = 60;

/** The pictures that pass the filter, a sheet at a time; each leads to its explanation. */
export function Gallery() {
  const all = rows.value;
  const start = sheet.value * SHEET;
  const shown = all.slice(start, start + SHEET);
  const places = shown.map(i => examined.value!.places[i]!);
  const bytes = usePictures(places);
  const { imageShape = [], classes = [] } = state.value.data ?? {};
  if (all.length === 0) return <p class="muted">There are none like that.</p>;
  const size = imageShape.reduce((a, b) => a * b, 1);
  const { labels, predictions, confidences } = examined.value!;
  return (
    <>
      <ol class="gallery" aria-label="Pictures">
        {shown.map((i, at) => {
          const [actual, predicted] = [classes[labels[i]!], classes[predictions[i]!]];
          const picture = bytes?.subarray(at * size, (at + 1) * size);
          return (
            <li key={places[at]}>
              <button
                type="button"
                class={labels[i] === predictions[i] ? 'right' : 'wrong'}
                onClick={() => void explain(places[at]!)}
              >
                {picture?.length === size && <Thumb bytes={picture} shape={imageShape} />}
                <span class="actual">{actual}</span>
                <span class="predicted">
                  <span class="visually-hidden">taken for </span>
                  {predicted}
                </span>
                <span class="sure" style={{ '--share': confidences[i]!.toFixed(3) }}>
                  {percent(confidences[i]!, 0)}
                  <span class="visually-hidden"> sure: explain</span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
      <Sheets first={start + 1} last={start + shown.length} count={all.length} />
    </>
  );
}

function Sheets({ first, last, count }: { first: number; last: number; count: number }) {
  const turn = (by: number) => {
    sheet.value += by;
  };
  return (
    <nav class="buttons sheets" aria-label="Sheets of pictures">
      <button type="button" disabled={first === 1} onClick={() => turn(-1)}>
        ‹ before
      </button>
      <span class="muted" aria-live="polite">
        {thousands(first)} to {thousands(last)} of {thousands(count)}
      </span>
      <button type="button" disabled={last === count} onClick={() => turn(1)}>
        next ›
      </button>
    </nav>
  );
}

async function explain(index: number): Promise<void> {
  await attempt('That picture cannot be shown', () => ask('image.choose', { index }));
  location.hash = '#explain';
}
