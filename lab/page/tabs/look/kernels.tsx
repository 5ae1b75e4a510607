import { useState } from 'preact/hooks';
import type { Station } from '../../../station.ts';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { state } from '../../store.ts';
import { ground } from '../../theme.ts';

type What = 'weights' | 'change' | 'gradients';

const TITLES: Readonly<Record<What, string>> = {
  weights: 'Weights',
  change: 'Change since the start',
  gradients: 'Gradients',
};

/** As wide as the weights are drawn at most, in pixels, and how much of them as large as that. */
const ROOM = 640;
const LARGEST = 16;

/** A layer's weights as maps: a column for each that it makes, a row for each that it takes. */
export function Kernels({ kernel: { name, shape } }: { kernel: NonNullable<Station['kernel']> }) {
  const [what, setWhat] = useState<What>('weights');
  const [rows, columns, inputs, outputs] = shape;
  const hasStart = state.value.model?.isOwn;
  const isWrapped = inputs === 1;
  const fitting = isWrapped ? Math.min(outputs, 8) : outputs;
  const scale = Math.max(1, Math.min(LARGEST, Math.floor((ROOM / fitting - 1) / columns)));
  const gap = scale > 4 ? 4 : 1;
  const across = isWrapped
    ? Math.max(1, Math.min(outputs, Math.floor((ROOM + gap) / (columns * scale + gap))))
    : outputs;
  const views = (Object.keys(TITLES) as What[]).filter(one => one !== 'change' || hasStart);
  return (
    <section aria-labelledby="kernels-title">
      <div class="heading">
        <h2 id="kernels-title">Weights</h2>
        <p class="muted">
          {outputs} times {rows} × {columns} × {inputs}
          {!isWrapped && ': a column for each map or unit that is made, a row for each map that goes in'}
        </p>
        <fieldset class="switch" aria-label="Which weights">
          {views.map(one => (
            <button key={one} type="button" class="toggle" aria-pressed={what === one} onClick={() => setWhat(one)}>
              {TITLES[one]}
            </button>
          ))}
        </fieldset>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="weights" tabIndex={0} aria-label={`${TITLES[what]} of ${name}`}>
        <WorkerCanvas
          key={what}
          label={`${TITLES[what]} of ${name}: orange below zero, blue above`}
          show={canvas =>
            ask('look.kernel', {
              canvas,
              parameter: name,
              what,
              shape,
              columns: across,
              scale,
              gap,
              ground: ground.value,
            })
          }
          deps={[name, what, shape.join(), scale, ground.value]}
        />
      </section>
    </section>
  );
}
