import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RequestOutput } from '../../../protocol.ts';
import { ask } from '../../client.ts';
import { percent } from '../../parts/format.ts';
import { state } from '../../store.ts';
import { choose, stations } from './look.ts';
import { exact } from './numbers-text.ts';

type Measured = RequestOutput<'look.measure'>;

const measured = signal<{ readonly key: string; readonly of: Measured } | undefined>(undefined);

/** Milliseconds between two measurements at least, and how many times its own duration each waits for the next. */
const [EVERY, REST] = [2000, 8];

/** Which network after how many steps: what a measurement is of. */
function present(): string {
  const { model, training } = state.value;
  return JSON.stringify([model?.network, training?.step ?? 0]);
}

/** Measures while the tab is open: again when a step was made since, and rarely enough that training goes on. */
function keepMeasuring(): () => void {
  let isOpen = true;
  const again = async () => {
    while (isOpen) {
      const start = performance.now();
      const key = present();
      if (measured.value?.key !== key) {
        // There may be no device at the moment; it is tried again.
        const of = await ask('look.measure').catch(() => undefined);
        if (of) measured.value = { key, of };
      }
      const took = performance.now() - start;
      await new Promise(resolve => setTimeout(resolve, Math.max(EVERY, REST * took)));
    }
  };
  void again();
  return () => {
    isOpen = false;
  };
}

/** All layers on many pictures: dead units, spread, and how far a step moves the weights. */
export function Health() {
  useEffect(keepMeasuring, []);
  const found = measured.value?.of;
  return (
    <section aria-labelledby="health-title">
      <div class="heading">
        <h2 id="health-title">All layers on many pictures</h2>
        <p class="muted">
          {found
            ? `${found.pictures} held-back pictures at step ${found.step}. A unit is dead when it gives nothing but zero for any of them. Update is how far one step moves the weights, in parts of their length: about 0.001 is healthy.`
            : 'measuring …'}
        </p>
      </div>
      {found && <Table of={found} />}
    </section>
  );
}

function Table({ of: { layers, steps } }: { of: Measured }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" tabIndex={0} aria-label="Table of all layers">
      <table class="health">
        <thead>
          <tr>
            <th scope="col">layer</th>
            <th scope="col">how often each unit fires</th>
            <th scope="col">dead</th>
            <th scope="col">values</th>
            <th scope="col">zeros</th>
            <th scope="col">|weights|</th>
            <th scope="col">|gradient|</th>
            <th scope="col">update</th>
          </tr>
        </thead>
        <tbody>
          {layers.map(({ layer, units, rectified, active, dead, activations, weights, gradient, update }) => (
            <tr key={layer}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  disabled={!stations.value.some(({ name }) => name === layer)}
                  onClick={() => choose(layer)}
                >
                  {layer}
                </button>
              </th>
              <td>{rectified ? <Units active={active} /> : <span class="muted">has negative values</span>}</td>
              <td class={dead > 0 ? 'problem' : ''}>{rectified ? `${dead} of ${units}` : '–'}</td>
              <td>
                {exact(activations.mean)} ± {exact(activations.deviation)}
              </td>
              <td>{percent(activations.zeros, 0)}</td>
              <td>{weights ? exact(weights.norm) : '–'}</td>
              <td>{gradient ? exact(gradient.norm) : '–'}</td>
              <td>{weights ? (update === undefined ? 'while it trains' : exact(update / Math.max(1, steps))) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A cell for each unit, the darker the more pictures it answers to; dead ones are crossed out. */
function Units({ active }: { active: readonly number[] }) {
  const dead = active.flatMap((share, unit) => (share === 0 ? [unit] : []));
  const label = dead.length === 0 ? 'no unit is dead' : `dead: ${dead.join(', ')}`;
  return (
    <span class="units" role="img" aria-label={label} title={label}>
      {active.map((share, unit) => (
        <i key={unit} class={share === 0 ? 'dead' : ''} style={{ '--share': share.toFixed(2) }} />
      ))}
    </span>
  );
}
