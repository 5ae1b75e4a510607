import { useEffect, useRef, useState } from 'preact/hooks';
import { namedTab } from '../address.ts';
import { tabs } from '../tabs/index.ts';
import { begin, close, isOffered, leftOut, move, openTab, place, putAway, step } from './state.ts';
import { NEEDS, steps, type TourStep } from './steps.ts';
import { useFrame, useTarget } from './target.ts';
import './tour.css';

/** In the header: starts the tour, and has the focus again when it ends. */
export function TourButton() {
  return (
    <button type="button" id="tour-button" class="quiet" onClick={begin}>
      Tour
    </button>
  );
}

/** The step that is shown; at a first visit, the offer. */
export function Tour() {
  useKeys();
  if (step.value) return <Card key={place.value} step={step.value} />;
  if (!isOffered.value) return null;
  return (
    <aside class="tour-offer" aria-label="Tour">
      <p>
        <strong>New here?</strong> A tour of {steps.length} short steps shows what there is to see.
      </p>
      <div class="buttons">
        <button type="button" class="primary" onClick={begin}>
          Take the tour
        </button>
        <button type="button" onClick={putAway}>
          No, thanks
        </button>
      </div>
    </aside>
  );
}

/** One step, in a corner where it does not cover what it is about. The page stays usable: what is said is to be tried. */
function Card({ step: shown }: { step: TourStep }) {
  const card = useRef<HTMLDialogElement>(null);
  const element = useTarget(shown);
  const side = useFrame(element, () => card.current?.offsetWidth ?? 0);
  // The step is read out, and the keys work, wherever the focus was before.
  useEffect(() => card.current?.focus({ preventScroll: true }), []);
  const at = place.value!;
  return (
    <dialog
      ref={card}
      open
      class={`tour ${side}`}
      tabIndex={-1}
      aria-labelledby="tour-title"
      aria-describedby="tour-text"
    >
      <div class="tour-head">
        <p class="muted">
          {at + 1} of {steps.length}
        </p>
        <button type="button" class="quiet" aria-label="Close the tour" onClick={end}>
          ×
        </button>
      </div>
      <h2 id="tour-title">{shown.title}</h2>
      <div id="tour-text">
        {leftOut.value.map(({ title, needs }) => (
          <p key={title} class="muted">
            Left out here: “{title}”. It needs {NEEDS[needs!].words}.
          </p>
        ))}
        <p>{shown.text}</p>
      </div>
      {namedTab.value === shown.tab ? (
        <Action step={shown} isThere={element !== undefined} />
      ) : (
        <button type="button" onClick={() => openTab(shown)}>
          Show it: {tabs.find(({ id }) => id === shown.tab)?.title}
        </button>
      )}
      <div class="tour-moves">
        <button type="button" disabled={at === 0} onClick={() => move(-1)}>
          Back
        </button>
        <button type="button" class="primary" onClick={() => (at === steps.length - 1 ? end() : move(1))}>
          {at === steps.length - 1 ? 'Finish' : 'Next'}
        </button>
      </div>
    </dialog>
  );
}

/** What there is to do, until it has been done. */
function Action({ step: { action, prepare }, isThere }: { step: TourStep; isThere: boolean }) {
  const [before, setBefore] = useState<readonly [unknown]>();
  useEffect(() => {
    if (!isThere || before) return;
    prepare?.();
    setBefore([action.watched()]);
  }, [isThere]);
  const isDone = before !== undefined && action.watched() !== before[0];
  const isPossible = action.isPossible?.() ?? true;
  return (
    <div class="tour-action">
      <p aria-live="polite">
        <strong>{isDone ? 'Done: ' : 'Try it: '}</strong>
        {action.text}
      </p>
      {isPossible && (
        <button type="button" disabled={!isThere} onClick={action.perform}>
          {isDone ? 'Once more' : 'Do it for me'}
        </button>
      )}
    </div>
  );
}

/** Escape ends the tour; the arrow keys turn its pages, except where the page itself is at the keys. */
function useKeys(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { key, defaultPrevented, altKey, ctrlKey, metaKey, shiftKey, target } = event;
      // One listener for all steps: between two cards none would hear a quick hand.
      if (!step.value || defaultPrevented || altKey || ctrlKey || metaKey || shiftKey) return;
      const isOurs = target === document.body || (target as Element).closest('.tour') !== null;
      if (key === 'Escape') end();
      else if (isOurs && key === 'ArrowRight') move(1);
      else if (isOurs && key === 'ArrowLeft') move(-1);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

function end(): void {
  close();
  document.getElementById('tour-button')?.focus({ preventScroll: true });
}
