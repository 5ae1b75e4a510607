import { percent } from '../../parts/format.ts';
import { state } from '../../store.ts';
import { begun, explain, explained, target } from './store.ts';

/** What each network says of the picture; a class that is clicked is the one that the maps are about. */
export function Says() {
  const { data, image } = state.value;
  const { networks = [], titles = [] } = begun.value ?? {};
  if (!data || networks.length === 0) return null;
  const choose = (k: number | undefined) => {
    target.value = k;
    void explain();
  };
  return (
    <section class="says" aria-labelledby="says-title">
      <h2 id="says-title">What it is taken for</h2>
      {networks.length > 1 && (
        <p class="keys muted">
          {titles.map((title, side) => (
            <span key={title} class={`key side${side}`}>
              {title}
            </span>
          ))}
        </p>
      )}
      <ol>
        {data.classes.map((name, k) => {
          const shares = networks.map(({ probabilities }) => probabilities[k] ?? 0);
          const isLabel = image?.kind === 'data' && image.label === k;
          return (
            <li key={name}>
              <button type="button" aria-pressed={explained.value === k} onClick={() => choose(k)}>
                <span class="name">
                  <span class="visually-hidden">Explain </span>
                  {name}
                  {isLabel && <small> true class</small>}
                </span>
                {shares.map((share, side) => (
                  <span key={titles[side]} class={`share side${side}`} style={{ '--share': share.toFixed(4) }}>
                    {percent(share)}
                  </span>
                ))}
              </button>
            </li>
          );
        })}
      </ol>
      <p class="muted">
        {target.value === undefined ? (
          'Explained: the class that the network takes it for. Click another one.'
        ) : (
          <button type="button" onClick={() => choose(undefined)}>
            Explain what it takes it for
          </button>
        )}
      </p>
    </section>
  );
}
