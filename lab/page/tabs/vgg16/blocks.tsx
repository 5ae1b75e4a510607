import { useEffect, useState } from 'preact/hooks';
import type { Vgg16Layer } from '../../../protocol.ts';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { amount, digits, shape } from '../../parts/format.ts';
import { ground } from '../../theme.ts';
import { shown, vgg16 } from './store.ts';

/** About as wide as a row of maps is, in pixels of the canvas. */
/** Maps are drawn at least so large. */
const LEAST = 16;
/** Channels that are shown one by one. */
const STRONGEST = 8;

/** Block by block what the network makes of the picture. */
export function Blocks() {
  const look = vgg16.value.look;
  if (!look) return <p class="muted">Its feature maps appear here, block by block.</p>;
  const blocks = new Map<string, { place: number; layer: Vgg16Layer }[]>();
  look.layers.forEach((layer, place) => {
    const name = layer.name.split('.')[1]!;
    blocks.set(name, [...(blocks.get(name) ?? []), { place, layer }]);
  });
  return (
    <>
      {Array.from(blocks, ([name, layers]) => (
        <Block key={name} name={name} layers={layers} done={look.done} />
      ))}
    </>
  );
}

function Block({
  name,
  layers,
  done,
}: {
  name: string;
  layers: readonly { place: number; layer: Vgg16Layer }[];
  done: number;
}) {
  // The last convolution: the pooling behind it only keeps the largest of it.
  const [chosen, choose] = useState(layers.length - 2);
  const { layer, place } = layers[chosen]!;
  const number = name.replace(/\D/g, '');
  const [height, width, depth] = layer.output as [number, number, number];
  return (
    <section class="block" aria-labelledby={`vgg16-${name}`}>
      <div class="block-head">
        <h2 id={`vgg16-${name}`}>Block {number}</h2>
        <fieldset class="choices">
          <legend class="caption">Layer of block {number}</legend>
          {layers.map(({ layer: one }, i) => (
            <label key={one.name}>
              <input type="radio" name={`vgg16-${name}`} checked={i === chosen} onChange={() => choose(i)} />
              {one.name.split('.')[2]}
            </label>
          ))}
        </fieldset>
        <p class="muted">
          {shape([height, width])}, {depth} channels{layer.flops > 0 && `, ${amount(layer.flops, 'FLOP')}`}
        </p>
      </div>
      <Maps layer={layer} isThere={place < done} />
    </section>
  );
}

function Maps({ layer: { name, output }, isThere }: { layer: Vgg16Layer; isThere: boolean }) {
  const [height, width, depth] = output as [number, number, number];
  const scale = Math.max(1, Math.ceil(LEAST / width));
  // The deeper, the smaller the maps: with twice as many in a row they stay about as large as a thumb.
  const columns = depth > 64 ? 32 : 16;
  const down = Math.ceil(depth / columns);
  const size = `${columns * (width * scale + 1)} / ${down * (height * scale + 1)}`;
  return (
    <>
      {isThere ? <Strongest layer={name} /> : <Waiting />}
      {isThere ? (
        <WorkerCanvas
          label={`All ${depth} maps of ${name}, each in its own range`}
          show={canvas => ask('vgg16.show', { canvas, layer: name, columns, scale, ground: ground.value })}
          deps={[name, columns, scale, shown.value, ground.value]}
        />
      ) : (
        <div class="waiting" style={{ aspectRatio: size }} />
      )}
    </>
  );
}

/** As large as what is to come, so that nothing moves when it does. */
function Waiting() {
  return (
    <ol class="strongest" aria-hidden="true">
      {Array.from({ length: STRONGEST }, (_, i) => (
        <li key={i}>
          <div class="waiting" />
          <span>…</span>
        </li>
      ))}
    </ol>
  );
}

/** The channels that answer most, one by one. */
function Strongest({ layer }: { layer: string }) {
  const [found, setFound] = useState<readonly { channel: number; mean: number }[]>();
  useEffect(() => {
    let isCurrent = true;
    ask('vgg16.strongest', { layer, count: STRONGEST }).then(
      channels => isCurrent && setFound(channels),
      // The picture was changed meanwhile; then it is asked for anew.
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [layer, shown.value]);
  if (!found) return <Waiting />;
  return (
    <ol class="strongest">
      {found.map(({ channel, mean }) => (
        <li key={channel}>
          <WorkerCanvas
            label={`Map of channel ${channel} of ${layer}`}
            show={canvas => ask('vgg16.show', { canvas, layer, channel, columns: 1, scale: 1, ground: ground.value })}
            deps={[layer, channel, shown.value, ground.value]}
          />
          <span>
            {channel} <span class="muted">{digits(mean)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

/** What the first convolution looks for, in colours. */
export function Filters() {
  return (
    <section aria-labelledby="vgg16-filters">
      <h2 id="vgg16-filters">First filters</h2>
      <WorkerCanvas
        className="filters"
        label="The 64 filters of the first convolution in their colours"
        show={canvas => ask('vgg16.showFilters', { canvas, columns: 16, scale: 4 })}
        deps={[vgg16.value.weights.status, shown.value]}
      />
      <p class="muted">What the first convolution looks for: 64 patches of 3 × 3 pixels, each in its own range.</p>
    </section>
  );
}
