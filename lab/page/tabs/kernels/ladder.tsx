import { useId } from 'preact/hooks';
import type { OpResult } from '../../../../src/tensor/bench-op.ts';
import type { Rung } from '../../../../src/tensor/ladder.ts';
import { describeFailure } from '../../../../src/tensor/prove.ts';
import { download } from '../../keep.ts';
import { digits, duration, percent } from '../../parts/format.ts';
import { Progress } from '../../parts/progress.tsx';
import { busy, call, callProblem, chosenRow, ladder, runLadder, setShape, stop } from './store.ts';

/** All variants of the kernel on one call, proven and then timed here. */
export function Ladder() {
  const id = useId();
  const { kernel, shape } = chosenRow.value!;
  const now = call.value;
  const result = ladder.value;
  const running = busy.value?.what === 'ladder' ? busy.value : undefined;
  return (
    <section aria-labelledby="ladder-title">
      <h3 id="ladder-title">The ladder of {kernel}</h3>
      <p class="muted">
        Every way that weft knows to compute this call, {now ? `${now.variants.length} of them` : 'each'}: first
        compared with the reference in float64 on random shapes, then timed in turns.
      </p>
      <div class="form">
        <div class="field shape">
          <label for={id}>The call</label>
          <input
            id={id}
            type="text"
            spellcheck={false}
            value={callProblem.value?.typed ?? now?.shape ?? shape}
            onChange={event => void setShape(event.currentTarget.value)}
          />
        </div>
        {running ? (
          <Progress label={running.text} onStop={stop} />
        ) : (
          <>
            <button
              type="button"
              disabled={!now || callProblem.value !== undefined || busy.value !== undefined}
              onClick={() => void runLadder()}
            >
              Run the ladder
            </button>
            {result && (
              <button type="button" onClick={() => share(result)}>
                Save as JSON
              </button>
            )}
          </>
        )}
      </div>
      {callProblem.value && (
        <p class="problem" role="alert">
          {callProblem.value.text}
        </p>
      )}
      {result && <Rungs result={result} />}
    </section>
  );
}

/** A file that `weft bench op --from` shows, and repeats on another machine. */
function share(result: OpResult): void {
  download(`weft-${result.kernel}.json`, new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
}

function Rungs({ result }: { result: OpResult }) {
  const { rungs, adapter, repeats, chosen, custom, flops } = result;
  const sorted = [...rungs].sort(
    (a, b) => (a.time?.median ?? Number.POSITIVE_INFINITY) - (b.time?.median ?? Number.POSITIVE_INFINITY),
  );
  const slowest = Math.max(...rungs.map(({ time }) => time?.median ?? 0));
  const plain = rungs.find(({ variant }) => variant === call.value?.variants[0])?.time?.median;
  const note = ({ variant, trades, failure }: Rung) =>
    [variant === custom?.name && 'yours', variant === chosen && 'taken here', trades, failure && 'WRONG']
      .filter(Boolean)
      .join(', ');
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Variants, the fastest first">
        <table class="rungs">
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col">Time</th>
              <th scope="col" class="number">
                × plain
              </th>
              <th scope="col" class="number">
                {flops > 0 ? 'GFLOP/s' : 'GB/s'}
              </th>
              <th scope="col" class="number">
                Of tolerance
              </th>
              <th scope="col" class="number">
                Dispatches
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map(rung => (
              <tr key={rung.variant} class={rung.variant === custom?.name ? 'yours' : ''}>
                <th scope="row">
                  {rung.variant} <span class="muted">{note(rung)}</span>
                </th>
                <td class="bar" style={{ '--share': ((rung.time?.median ?? 0) / slowest).toFixed(4) }}>
                  <span>{rung.time ? duration(rung.time.median) : '–'}</span>
                </td>
                <td class="number">{plain && rung.time ? (plain / rung.time.median).toFixed(2) : '–'}</td>
                <td class="number">{speed(rung, flops)}</td>
                <td class="number">{rung.errorShare === undefined ? '–' : percent(rung.errorShare)}</td>
                <td class="number">{rung.dispatches}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rungs.map(({ variant, failure }) =>
        failure ? (
          <p key={variant} class="problem">
            {variant} is wrong: {describeFailure(failure)}
          </p>
        ) : null,
      )}
      <p class="muted">
        On {adapter.device}; medians of {repeats} rounds. Of tolerance: the largest error, in parts of what float32 may
        be off.
      </p>
    </>
  );
}

function speed({ gflopsPerSecond, gigabytesPerSecond }: Rung, flops: number): string {
  const value = flops > 0 ? gflopsPerSecond : gigabytesPerSecond;
  return value === undefined ? '–' : digits(value);
}
