import { signal } from '@preact/signals';
import type { LayerRow } from '../../../protocol.ts';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { shape, short, thousands } from '../../parts/format.ts';
import { state } from '../../store.ts';
import { ground } from '../../theme.ts';
import { adopt, discard, draft } from './draft.ts';
import { InsertLayer, LayerForm } from './layer-form.tsx';
import { summary } from './layer-text.ts';
import { Start } from './start.tsx';

/** Whether the layers can be changed. */
const editing = signal(false);

/** The layers one below the other, each with what it makes of the chosen picture. */
export function Network() {
  const { model, layer } = state.value;
  const shown = draft.value ?? model;
  if (!model || !shown) return <p class="muted">…</p>;
  const isDraft = draft.value !== undefined;
  return (
    <>
      <Start />
      <div class="totals">
        <p>
          <b>{thousands(shown.parameters)}</b> parameters, <b>{short(shown.flops)}FLOP</b> an image
        </p>
        <button
          type="button"
          class="toggle"
          aria-pressed={editing.value}
          onClick={() => {
            editing.value = !editing.value;
          }}
        >
          Change layers
        </button>
      </div>
      {isDraft && <Decide possible={draft.value!.possible} />}
      <ol class="layers">
        {editing.value && (
          <li>
            <InsertLayer behind={-1} />
          </li>
        )}
        {shown.layers.map((row, i) => (
          <Row key={row.name} row={row} at={i} last={i === shown.layers.length - 1} chosen={row.name === layer} />
        ))}
      </ol>
    </>
  );
}

/** What becomes of a draft. */
function Decide({ possible }: { possible: boolean }) {
  return (
    <fieldset class="decide" aria-label="Changed network">
      <p>{possible ? 'Changed. Used, it starts with new random numbers.' : 'This network cannot be: see below.'}</p>
      <button type="button" class="primary" disabled={!possible} onClick={() => void adopt()}>
        Use it
      </button>
      <button type="button" onClick={discard}>
        Discard
      </button>
    </fieldset>
  );
}

function Row({ row, at, last, chosen }: { row: LayerRow; at: number; last: boolean; chosen: boolean }) {
  const { name, config, output, parameters, flops, sees, problem } = row;
  const choose = () => void ask('layer.choose', { layer: name });
  return (
    <li class={`${chosen ? 'chosen' : ''} ${output ? '' : 'impossible'}`}>
      <div class="what">
        <button type="button" class="name" aria-pressed={chosen} onClick={choose}>
          {name}
        </button>
        <span class="options">{summary(config)}</span>
      </div>
      <dl>
        <Fact name="output" value={output ? shape(output) : '–'} />
        {parameters > 0 && <Fact name="parameters" value={thousands(parameters)} />}
        {flops > 0 && <Fact name="FLOPs" value={short(flops)} />}
        {sees && <Fact name="sees" value={sees === 'all' ? 'all of the picture' : `${sees} pixels`} />}
      </dl>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {editing.value && <LayerForm config={config} at={at} last={last} />}
      {output && <Maps name={name} output={output} />}
      {editing.value && !last && <InsertLayer behind={at} />}
    </li>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** About as wide a row of maps is, in values. */
const WIDE = 240;
/** Pixels of a value of a layer that gives no maps. */
const CELL = 12;

/** Layers that hand values on as they are, as far as use is concerned. */
const SILENT = ['flatten', 'dropout'];

/** A layer's maps; nothing for a layer of a draft, or for one that changes nothing. */
function Maps({ name, output }: { name: string; output: readonly number[] }) {
  const built = state.value.model?.layers.find(row => row.name === name);
  const isPicture = output.length === 3;
  if (!built || built.output?.join() !== output.join() || SILENT.includes(built.config.type)) return null;
  const depth = output[output.length - 1]!;
  const scale = isPicture ? 1 : CELL;
  const width = isPicture ? output[1]! : CELL;
  const columns = Math.min(depth, Math.max(1, Math.floor(WIDE / (width + 1))));
  return (
    <WorkerCanvas
      className={isPicture ? '' : 'values'}
      label={`What ${name} makes of the chosen picture: ${depth} ${isPicture ? 'maps' : 'values'}`}
      show={canvas => ask('layer.show', { canvas, layer: name, columns, scale, ground: ground.value })}
      deps={[name, columns, scale, ground.value]}
    />
  );
}
