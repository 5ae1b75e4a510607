import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { percent } from '../../parts/format.ts';
import { probabilities, state } from '../../store.ts';

/** The chosen picture, and what the network says of it. */
export function Picture() {
  const { data, image, model } = state.value;
  if (!data || !model) return <p class="muted">…</p>;
  const index = image?.kind === 'data' ? image.index : data.train;
  const count = data.train + data.validation;
  const choose = (next: number) => void ask('image.choose', { index: (next + count) % count });
  const label = image?.kind === 'data' ? data.classes[image.label] : image?.name;
  return (
    <div class="picture">
      <div>
        <WorkerCanvas
          className="input"
          label={`The chosen picture: ${label}`}
          show={canvas => ask('image.show', { canvas })}
          deps={[]}
        />
        <div class="buttons">
          <button type="button" aria-label="Picture before" onClick={() => choose(index - 1)}>
            ‹
          </button>
          <button type="button" aria-label="Next picture" onClick={() => choose(index + 1)}>
            ›
          </button>
        </div>
        <p class="muted">
          {label}
          {image?.kind === 'data' && `, ${index < data.train ? 'learned from' : 'held back'}`}
        </p>
      </div>
      <ol class="classes">
        {data.classes.map((name, k) => {
          const share = probabilities.value[k];
          const isLabel = image?.kind === 'data' && image.label === k;
          return (
            <li key={name} class={isLabel ? 'label' : ''} style={{ '--share': (share ?? 0).toFixed(4) }}>
              <span>{name}</span>
              <span>{share === undefined ? '–' : percent(share, 0)}</span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
