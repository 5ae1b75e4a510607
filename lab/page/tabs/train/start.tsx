import { signal } from '@preact/signals';
import type { Network } from '../../../network.ts';
import type { RequestOutput } from '../../../protocol.ts';
import { ask } from '../../client.ts';
import { TRAINED } from '../../share.ts';
import { attempt, state } from '../../store.ts';
import { use } from './draft.ts';

const offers = signal<RequestOutput<'model.offers'>>([]);
void ask('model.offers').then(found => {
  offers.value = found;
});

const OPTIMIZERS = ['sgd', 'adam', 'adamw', 'rmsprop'] as const;
const BATCHES = [16, 32, 64, 128, 256];

const openTrained = () => attempt('The trained network could not be opened', () => ask('model.openTrained'));

/** Which network, and how it is trained: what cannot be changed without starting anew. */
export function Start() {
  const { network, origin } = state.value.model!;
  const { config, seed, training } = network;
  const offer = offers.value.find(({ name }) => name === config.name);
  const change = (part: Partial<Network>) => void use({ ...network, ...part });
  return (
    <div class="form start">
      <label class="field">
        <span class="caption">network</span>
        <select
          value={origin === 'brought' ? TRAINED : offer ? config.name : ''}
          onChange={event => {
            if (event.currentTarget.value === TRAINED) void openTrained();
            const chosen = offers.value.find(({ name }) => name === event.currentTarget.value);
            if (chosen) change({ config: chosen.config, training: chosen.training });
          }}
        >
          {!offer && <option value="">your own</option>}
          <option value={TRAINED}>CNN 32-64-128, trained</option>
          {offers.value.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="caption">optimizer</span>
        <select
          value={training.optimizer}
          onChange={event => {
            const optimizer = event.currentTarget.value as Network['training']['optimizer'];
            change({ training: { optimizer, batch: training.batch, learningRate: RATES[optimizer] } });
          }}
        >
          {OPTIMIZERS.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="caption">batch</span>
        <select
          value={training.batch}
          onChange={event => change({ training: { ...training, batch: Number(event.currentTarget.value) } })}
        >
          {BATCHES.map(size => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="caption">seed</span>
        <input
          type="number"
          min={0}
          max={999999}
          step={1}
          value={seed}
          onChange={event => {
            const { valueAsNumber } = event.currentTarget;
            if (Number.isInteger(valueAsNumber) && valueAsNumber >= 0) change({ seed: valueAsNumber });
          }}
        />
      </label>
      <button type="button" onClick={() => change({})}>
        Start anew
      </button>
    </div>
  );
}

/** A learning rate to begin with for each optimizer. */
const RATES = { sgd: 0.05, adam: 1e-3, adamw: 1e-3, rmsprop: 1e-3 } as const;
