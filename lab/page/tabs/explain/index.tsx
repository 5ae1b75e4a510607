import { useEffect } from 'preact/hooks';
import { thousands } from '../../parts/format.ts';
import { Progress } from '../../parts/progress.tsx';
import { state } from '../../store.ts';
import './explain.css';
import { offerRun } from '../../shelf.ts';
import { EdgesCard, MethodCard } from './method.tsx';
import { Picture } from './picture.tsx';
import { Says } from './says.tsx';
import { begun, explain, isStale, layer, layerOf, methods, over, progress, stop } from './store.ts';
import { WhichNetworks } from './which.tsx';

export function Explain() {
  const { model, engine } = state.value;
  // Another network, or the same one from other numbers: not what the maps were about.
  const which = model && JSON.stringify([model.network, model.origin]);
  useEffect(() => {
    if (!which) return;
    void explain();
    // Without it, there is one network less to choose.
    offerRun().catch(() => {});
    return stop;
  }, [which]);
  if (!model) return <p class="page muted">…</p>;
  const { networks = [], edges } = begun.value ?? {};
  return (
    <div class="page explain">
      <aside class="subject">
        <Picture />
        <Says />
      </aside>
      <section aria-labelledby="maps-title">
        <h2 id="maps-title" class="visually-hidden">
          Maps
        </h2>
        <div class="form tools">
          <WhichNetworks />
          {networks[0] && networks[0].layers.length > 0 && (
            <label class="field">
              <span class="caption">layer for Grad-CAM</span>
              <select
                value={layerOf(networks[0])}
                onChange={({ currentTarget }) => {
                  layer.value = currentTarget.value;
                  void explain();
                }}
              >
                {networks[0].layers.map(name => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label class="check">
            <input
              type="checkbox"
              checked={over.value}
              onChange={() => {
                over.value = !over.value;
              }}
            />
            over the picture
          </label>
          <Doing />
        </div>
        <p class="lead muted">
          Each map colours the pixels by what they do to the score of the class. Beside it stands its control: the same
          method on the same network with random numbers in all layers, which has learned nothing.{' '}
          {engine.status === 'missing' && 'Without a GPU the maps are rougher than they could be.'}
        </p>
        <div class="methods" data-tour="methods">
          {methods.value.map(method => (
            <MethodCard key={method.name} method={method} />
          ))}
          {edges && <EdgesCard edges={edges} />}
        </div>
      </section>
    </div>
  );
}

/** How far it is, or whether it is of now. */
function Doing() {
  const { training } = state.value;
  if (progress.value) {
    const { done, total } = progress.value;
    return <Progress label={`map ${done + 1} of ${total}`} done={done} total={total} onStop={stop} />;
  }
  if (!isStale.value) return null;
  return (
    <div class="buttons" role="note">
      <span class="muted">
        These maps are of step {thousands(begun.value!.networks[0]!.step)}; the network is at step{' '}
        {thousands(training?.step ?? 0)} now.
      </span>
      <button type="button" onClick={() => void explain()}>
        Explain anew
      </button>
    </div>
  );
}
