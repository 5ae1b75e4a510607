import { state } from '../../store.ts';
import { loss, stations, walkTo } from './look.ts';
import { brief, exact } from './numbers-text.ts';

/** Softmax and cross-entropy of the chosen picture, number by number. */
export function Loss() {
  const found = loss.value;
  const classes = state.value.data?.classes ?? [];
  const last = stations.value[stations.value.length - 1];
  if (!found || !last) return <p class="muted">…</p>;
  const { terms, largest, sum, target, labelSmoothing } = found;
  const asked = terms[target]!;
  return (
    <section aria-labelledby="loss-title">
      <div class="heading">
        <h2 id="loss-title">Softmax and loss</h2>
        <p class="muted">what the last layer gives, made probabilities, and compared with what the loss asks for</p>
      </div>
      <div class="formula">
        <p>
          p<sub>k</sub> = e
          <sup>
            z<sub>k</sub> − {exact(largest)}
          </sup>{' '}
          / {exact(sum)}
        </p>
        <p>
          loss = {labelSmoothing > 0 ? '−Σ t log p' : `−log ${exact(asked.probability)}`} = <b>{exact(found.loss)}</b>
        </p>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Softmax and loss, class by class">
        <table class="classes-table">
          <thead>
            <tr>
              <th scope="col">class</th>
              <th scope="col">logit z</th>
              <th scope="col">e^(z − {brief(largest)})</th>
              <th scope="col">probability p</th>
              <th scope="col">target t</th>
              <th scope="col">−t log p</th>
              <th scope="col">gradient p − t</th>
            </tr>
          </thead>
          <tbody>
            {terms.map((term, k) => (
              <tr key={classes[k] ?? k} class={k === target ? 'label' : ''}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => walkTo({ station: last.name, at: [k] })}>
                    {classes[k] ?? k}
                  </button>
                </th>
                <td>{exact(term.logit)}</td>
                <td>{exact(term.exponential)}</td>
                <td class="portion" style={{ '--share': term.probability.toFixed(4) }}>
                  {exact(term.probability)}
                </td>
                <td>{exact(term.target)}</td>
                <td>{exact(term.product)}</td>
                <td>{exact(term.gradient)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
