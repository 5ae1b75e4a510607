import { useId } from 'preact/hooks';
import { busy, call, chosenRow, own, ownProblem, tryOwn } from './store.ts';

/** A box for a kernel of the reader's own, which is proven and timed beside weft's. */
export function Own() {
  const id = useId();
  const { kernel } = chosenRow.value!;
  const plain = call.value?.plain;
  const problem = ownProblem.value?.kernel === kernel ? ownProblem.value.text : undefined;
  const text = own.value[kernel] ?? (plain && 'wgsl' in plain ? plain.wgsl : '');
  const keep = (wgsl: string | undefined) => {
    const { [kernel]: _, ...others } = own.value;
    own.value = wgsl === undefined ? others : { ...others, [kernel]: wgsl };
  };
  return (
    <section aria-labelledby="own-title">
      <h3 id="own-title">
        <label for={id}>A kernel of your own</label>
      </h3>
      {plain && 'missing' in plain ? (
        <p class="muted">{plain.missing}.</p>
      ) : (
        <>
          <textarea
            id={id}
            class="own"
            spellcheck={false}
            autocapitalize="off"
            aria-describedby={`${id}-help`}
            value={text}
            onInput={event => keep(event.currentTarget.value)}
          />
          <div class="buttons">
            <button
              type="button"
              class="primary"
              disabled={!call.value || busy.value !== undefined}
              onClick={() => void tryOwn(text)}
            >
              Prove and time it
            </button>
            <button type="button" disabled={own.value[kernel] === undefined} onClick={() => keep(undefined)}>
              Back to the plain variant
            </button>
          </div>
          {problem && (
            <pre class="problem" role="alert">
              {problem}
            </pre>
          )}
          <p class="muted" id={`${id}-help`}>
            It starts as the plain variant: the same bindings, entry point <code>main</code>. Its line{' '}
            <code>{'// dispatch:'}</code> says how many workgroups it takes, as a formula such as{' '}
            <code>ceil(m*n / 64)</code>, or <code>plain</code> for as many as that one. A wrong value is shown with its
            place, and then nothing is timed.
          </p>
        </>
      )}
    </section>
  );
}
