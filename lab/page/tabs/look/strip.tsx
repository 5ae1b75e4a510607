import type { Station } from '../../../station.ts';
import { shape } from '../../parts/format.ts';
import { probabilities, state } from '../../store.ts';
import { thumbnail } from './geometry.ts';
import { choose, chosen, LOSS, stations, titleOf } from './look.ts';
import { StationCanvas } from './maps.tsx';

/** Side of a thumbnail in pixels. */
const SIDE = 92;

/** The whole network from the picture to the loss; each station with its first maps. */
export function Strip() {
  return (
    <section aria-labelledby="strip-title" data-tour="strip">
      <h2 id="strip-title">Network</h2>
      <ol class="strip">
        {stations.value.map(one => (
          <Stop key={one.name} station={one} />
        ))}
        <li class={chosen.value === LOSS ? 'chosen' : ''}>
          <button type="button" aria-pressed={chosen.value === LOSS} onClick={() => choose(LOSS)}>
            <span class="thumb" aria-hidden="true">
              <Bars />
            </span>
            <b>loss</b>
            <span>softmax, cross-entropy</span>
          </button>
        </li>
      </ol>
    </section>
  );
}

const KINDS: Readonly<Record<string, string>> = {
  picture: 'what comes in',
  conv2d: 'convolution',
  maxPool2d: 'largest of windows',
  avgPool2d: 'mean of windows',
  globalAvgPool: 'mean of each map',
  batchNorm2d: 'batch norm',
  residual: 'sum of two ways',
};

export function kindOf({ type, kernel, activation }: Station): string {
  const size = type === 'conv2d' && kernel ? `${kernel.shape[0]} × ${kernel.shape[1]} ` : '';
  return `${size}${KINDS[type] ?? type}${activation === 'linear' ? '' : `, ${activation}`}`;
}

function Stop({ station }: { station: Station }) {
  const { name } = station;
  const isChosen = chosen.value === name;
  const kind = kindOf(station);
  return (
    <li class={isChosen ? 'chosen' : ''}>
      <button type="button" aria-pressed={isChosen} onClick={() => choose(name)}>
        <span class="thumb" aria-hidden="true">
          <StationCanvas station={station} layout={thumbnail(station, SIDE)} label={`Maps of ${titleOf(name)}`} />
        </span>
        <b>{titleOf(name).split('.').join(' · ')}</b>
        <span>{kind}</span>
        <span>{shape(station.shape)}</span>
      </button>
    </li>
  );
}

/** What the network says of the picture, a bar for each class. */
function Bars() {
  const classes = state.value.data?.classes ?? [];
  return (
    <span class="bars">
      {classes.map((name, k) => (
        <i
          key={name}
          class={k === state.value.target ? 'label' : ''}
          style={{ '--share': (probabilities.value[k] ?? 0).toFixed(3) }}
        />
      ))}
    </span>
  );
}
