import type { Station } from '../../../station.ts';
import { shape } from '../../parts/format.ts';
import { state } from '../../store.ts';
import { fullLayout } from './geometry.ts';
import { pick, place, titleOf, what } from './look.ts';
import { Maps } from './maps.tsx';
import { kindOf } from './strip.tsx';

/** As wide as all maps of a layer are drawn at most, in pixels. */
const ROOM = 640;

/** All maps of the layer that is looked at. */
export function Layer({ station }: { station: Station }) {
  const { name, sees } = station;
  const at = place.value?.station === name ? place.value.at : undefined;
  const isGradient = what.value === 'gradients';
  const title = titleOf(name);
  const label = isGradient ? `Gradients of the loss with respect to ${title}` : `Maps of ${title}`;
  return (
    <section aria-labelledby="layer-title">
      <div class="heading">
        <h2 id="layer-title">{title}</h2>
        <p class="muted">
          {kindOf(station)}, {shape(station.shape)}
          {sees && `, each value sees ${sees === 'all' ? 'all of the picture' : `${sees} pixels`}`}
        </p>
        <What />
      </div>
      <Maps
        key={what.value}
        station={station}
        layout={fullLayout(station, ROOM)}
        label={label}
        at={at}
        onPick={next => pick({ station: name, at: next })}
        onEnter={() => document.getElementById('story')?.focus()}
      />
      <p class="muted legend">
        {isGradient ? (
          <>
            <i class="colours diverging" /> Orange: the loss falls when this value rises. Blue: it rises. The loss asks
            for {state.value.data?.classes[state.value.target]}.
          </>
        ) : station.signed ? (
          <>
            <i class="colours diverging" /> Orange is below zero, blue above; the same scale for all maps.
          </>
        ) : (
          <>
            <i class={`colours ${name === '' ? 'grey' : 'sequential'}`} /> From{' '}
            {name === '' ? 'black, 0, to white, 1' : 'zero to the largest value of the layer'}.
          </>
        )}{' '}
        Choose a value to see what made it.
      </p>
    </section>
  );
}

function What() {
  return (
    <fieldset class="switch" aria-label="What the maps show">
      {(['values', 'gradients'] as const).map(one => (
        <button
          key={one}
          type="button"
          class="toggle"
          aria-pressed={what.value === one}
          onClick={() => {
            what.value = one;
          }}
        >
          {one === 'values' ? 'Values' : 'Gradients'}
        </button>
      ))}
    </fieldset>
  );
}
