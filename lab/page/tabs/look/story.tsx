import type { Pixel } from '../../../worker/look/pixel.ts';
import { Back } from './back.tsx';
import { choose, LOSS, pixel, place, station, stations, titleOf, trail, walkBack } from './look.ts';
import { MadeOf } from './made-of.tsx';
import { placeText } from './maps.tsx';
import { exact } from './numbers-text.ts';

/** One value of the network: what made it, and what comes back to it from the loss. */
export function Story() {
  const found = pixel.value;
  const where = place.value;
  return (
    <section class="story" id="story" tabIndex={-1} aria-labelledby="story-title" data-tour="story">
      <div class="heading">
        <h2 id="story-title">One value</h2>
        {trail.value.length > 0 && (
          <button type="button" onClick={walkBack}>
            ‹ Back
          </button>
        )}
      </div>
      {!where && (
        <p class="muted">
          Choose a value in a map: here is then every multiplication and addition that made it, with its numbers, and
          what comes back to it from the loss.
        </p>
      )}
      {where && !found && <p class="muted">…</p>}
      {where && found && <Told of={found} />}
    </section>
  );
}

function Told({ of }: { of: Pixel }) {
  const { station: name, at, value, gradient, made, back } = of;
  const owner = stations.value.find(one => one.name === name);
  if (!owner) return null;
  const title = titleOf(name);
  return (
    <>
      <p class="where">
        <button type="button" class="link" disabled={station.value === owner} onClick={() => choose(name)}>
          {title}
        </button>
        <span>{placeText(at)}</span>
      </p>
      <p class="value" aria-live="polite">
        <b>{exact(value)}</b>
        {owner.uses.length === 0 && name !== LOSS && <span class="muted"> a logit</span>}
      </p>
      <h3>What made it</h3>
      {made ? <MadeOf made={made} owner={owner} at={at} /> : <Input value={value} />}
      <h3>
        What comes back <span>{exact(gradient)}</span>
      </h3>
      <Back parts={back} gradient={gradient} />
    </>
  );
}

function Input({ value }: { value: number }) {
  const byte = Math.round(255 * value);
  const isByte = Math.abs(byte - 255 * value) < 1e-3;
  return <p class="muted">It is a pixel of the picture{isByte && `: ${byte} of 255`}. Nothing made it.</p>;
}
