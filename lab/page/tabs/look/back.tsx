import type { Back as BackPart } from '../../../worker/look/pixel.ts';
import { state } from '../../store.ts';
import { bySize } from './group.ts';
import { choose, LOSS, titleOf, walkTo } from './look.ts';
import { placeText } from './maps.tsx';
import { exact } from './numbers-text.ts';
import { useShown } from './shown.tsx';

type Sum = Extract<BackPart, { kind: 'sum' }>;

const FEW = 6;

/** The gradient of the loss at a value, as the sum of what comes back from all that it went into. */
export function Back({ parts, gradient }: { parts: readonly BackPart[]; gradient: number }) {
  const asked = state.value.data?.classes[state.value.target];
  return (
    <>
      <p class="muted">
        {gradient === 0
          ? 'The loss does not depend on it at the moment.'
          : `Were it a little larger, the loss would ${gradient < 0 ? 'fall' : 'rise'}: by ${exact(Math.abs(gradient))} times as much.`}{' '}
        The loss asks for {asked}.
      </p>
      {parts.map(part => {
        if (part.kind === 'loss') return <FromLoss key={LOSS} part={part} />;
        if (part.kind === 'other')
          return (
            <p key={part.station} class="muted">
              {titleOf(part.station)}: {part.reason}.
            </p>
          );
        return <FromLayer key={part.station} part={part} />;
      })}
    </>
  );
}

function FromLoss({ part: { probability, target, sum } }: { part: Extract<BackPart, { kind: 'loss' }> }) {
  return (
    <p class="equation">
      <span class="part">
        <b>{exact(probability)}</b>
        <small>probability</small>
      </span>
      <i>−</i>
      <span class="part">
        <b>{exact(target)}</b>
        <small>target</small>
      </span>
      <i>=</i>
      <span class="part">
        <b>{exact(sum)}</b>
        <small>gradient</small>
      </span>
      <button type="button" class="link" onClick={() => choose(LOSS)}>
        softmax and loss
      </button>
    </p>
  );
}

function FromLayer({ part: { station, arithmetic } }: { part: Sum }) {
  const { terms, sum } = arithmetic;
  const sorted = bySize(terms);
  const { shown, more } = useShown(sorted, FEW);
  const closed = terms.filter(({ slope }) => slope === 0).length;
  return (
    <>
      <p class="group">
        <span>
          it goes into {terms.length} {terms.length === 1 ? 'value' : 'values'} of {titleOf(station)}
          {closed > 0 && `, ${closed} of them closed by their ReLU`}
        </span>
        <b class={sum < 0 ? 'below' : 'above'}>{exact(sum)}</b>
      </p>
      {terms.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <section class="scroll" tabIndex={0} aria-label={`What comes back from ${titleOf(station)}`}>
          <table class="terms">
            <thead>
              <tr>
                <th scope="col">of {titleOf(station)}</th>
                <th scope="col">gradient</th>
                <th scope="col">× slope</th>
                <th scope="col">× weight</th>
                <th scope="col">= back</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ at, gradient, slope, weight, product }) => (
                <tr key={at.join()}>
                  <th scope="row">
                    <button type="button" class="link" onClick={() => walkTo({ station, at })}>
                      {placeText(at)}
                    </button>
                  </th>
                  <td>{exact(gradient)}</td>
                  <td>{exact(slope)}</td>
                  <td>{exact(weight)}</td>
                  <td class={product < 0 ? 'below' : 'above'}>{exact(product)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {more}
    </>
  );
}
