import type { Station } from '../../../station.ts';
import type { Side } from '../../../worker/beside.ts';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { state } from '../../store.ts';
import { ground } from '../../theme.ts';
import { fullLayout, type Layout } from '../look/geometry.ts';
import { Picture } from '../train/picture.tsx';
import { stations } from './store.ts';

/** As wide as one branch is drawn at most, in pixels; a map and a weight not larger than that. */
const [ROOM, LARGEST] = [400, 12];

const SIDES: Readonly<Record<Side, string>> = {
  original: 'Original',
  branch: 'Branch',
  difference: 'Branch minus original',
};

/** What a layer makes of the chosen picture in both branches, its filters, and by how much they differ. */
export function Sides() {
  const layers = stations.value.filter(({ name }) => name !== '');
  const station = layers.find(({ name }) => name === state.value.layer) ?? layers[0];
  if (!station) return null;
  const isConvolution = station.type === 'conv2d' && station.kernel !== undefined;
  return (
    <section aria-labelledby="sides-title">
      <div class="sides-head">
        <h2 id="sides-title">Beside one another</h2>
        <label class="field">
          <span class="caption">layer</span>
          <select
            value={station.name}
            onChange={({ currentTarget }) => void ask('layer.choose', { layer: currentTarget.value })}
          >
            {layers.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Trio what={`Maps of ${station.name}`} name={station.name} signed={station.signed} layout={mapLayout(station)} />
      {isConvolution && (
        <Trio
          what={`Filters of ${station.name}`}
          name={station.kernel!.name}
          isKernel
          signed
          layout={kernelLayout(station.kernel!.shape)}
        />
      )}
      <p class="muted">
        Each picture has a scale of its own: a difference that is small looks as strong as a large one. Blue is above
        zero, orange below.
      </p>
      <h3>Chosen picture, as the original sees it</h3>
      <Picture />
    </section>
  );
}

type Grid = Pick<Layout, 'columns' | 'scale' | 'gap'>;

const mapLayout = (station: Station): Grid => fullLayout(station, ROOM);

/** A row of slices for each input, a column for each filter; one input alone is wrapped. */
function kernelLayout([, width, inputs, outputs]: readonly [number, number, number, number]): Grid {
  const gap = 2;
  const columns = inputs === 1 ? Math.min(outputs, 8) : outputs;
  const scale = Math.max(1, Math.min(LARGEST, Math.floor(((ROOM + gap) / columns - gap) / width)));
  return { columns, scale, gap };
}

function Trio({
  what,
  name,
  isKernel = false,
  signed,
  layout: { columns, scale, gap },
}: {
  what: string;
  name: string;
  isKernel?: boolean;
  signed: boolean;
  layout: Grid;
}) {
  const view = { name, isKernel, signed, columns, scale, gap, ground: ground.value };
  return (
    <div class="trio">
      {(Object.keys(SIDES) as Side[]).map(side => (
        <figure key={side}>
          <figcaption>
            {what} <span class={`side-${side}`}>{SIDES[side]}</span>
          </figcaption>
          <WorkerCanvas
            label={`${what}, ${SIDES[side].toLowerCase()}`}
            show={canvas => ask('fork.show', { ...view, canvas, side })}
            deps={Object.values(view)}
          />
        </figure>
      ))}
    </div>
  );
}
