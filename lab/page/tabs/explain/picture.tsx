import { signal } from '@preact/signals';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { attempt, state } from '../../store.ts';
import { DrawPad } from './draw-pad.tsx';
import { chooseData, chooseOwn } from './store.ts';
import { readPicture, toInput, type Upload } from './upload.ts';

const SOURCES = { data: 'Data set', upload: 'Upload', draw: 'Draw' } as const;
type Source = keyof typeof SOURCES;

const source = signal<Source>('data');
/** The file that was taken last, and whether black and white are exchanged in it. */
const upload = signal<(Upload & { readonly inverted: boolean }) | undefined>(undefined);

/** The picture that is explained, and where to take another. */
export function Picture() {
  return (
    <section class="picture-source" aria-labelledby="picture-title">
      <h2 id="picture-title">Picture</h2>
      <fieldset class="segments">
        <legend class="visually-hidden">Where it comes from</legend>
        {Object.entries(SOURCES).map(([name, title]) => (
          <label key={name}>
            <input
              type="radio"
              name="source"
              checked={source.value === name}
              onChange={() => {
                source.value = name as Source;
              }}
            />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      {source.value === 'draw' ? <DrawPad /> : <Chosen />}
      {source.value === 'data' && <FromData />}
      {source.value === 'upload' && <FromFile />}
    </section>
  );
}

/** The picture as the network gets it. */
function Chosen() {
  const { data, image } = state.value;
  const label = image?.kind === 'data' ? data?.classes[image.label] : image?.name;
  const canvas = (
    <WorkerCanvas
      className="input"
      label={`The picture that is explained: ${label}`}
      show={id => ask('image.show', { canvas: id })}
      deps={[]}
    />
  );
  return (
    <>
      {canvas}
      <p>{label}</p>
    </>
  );
}

function FromData() {
  const { data, image } = state.value;
  const count = (data?.train ?? 0) + (data?.validation ?? 0);
  const index = image?.kind === 'data' ? image.index : (data?.train ?? 0);
  const choose = (next: number) => void chooseData((next + count) % count);
  return (
    <>
      <div class="buttons">
        <button type="button" aria-label="Picture before" onClick={() => choose(index - 1)}>
          ‹
        </button>
        <label>
          <span class="visually-hidden">Number of the picture</span>
          <input
            type="number"
            min={0}
            max={count - 1}
            value={index}
            onChange={({ currentTarget: { valueAsNumber } }) => {
              if (Number.isInteger(valueAsNumber)) choose(Math.min(Math.max(valueAsNumber, 0), count - 1));
            }}
          />
        </label>
        <button type="button" aria-label="Next picture" onClick={() => choose(index + 1)}>
          ›
        </button>
      </div>
      <p class="muted">
        {image?.kind === 'data' ? (index < (data?.train ?? 0) ? 'learned from' : 'held back') : 'choose by number'}
      </p>
    </>
  );
}

function FromFile() {
  const take = (file: File | undefined) => {
    if (!file) return;
    void attempt('That picture cannot be used', async () => {
      const read = await readPicture(file);
      await use({ ...read, inverted: read.bright });
    });
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the field inside does the same without a mouse */}
      <div
        class="drop"
        onDragOver={event => event.preventDefault()}
        onDrop={event => {
          event.preventDefault();
          take(event.dataTransfer?.files[0]);
        }}
      >
        <label class="button">
          Choose a PNG or JPEG
          <input
            type="file"
            accept="image/png,image/jpeg"
            onChange={({ currentTarget }) => {
              take(currentTarget.files?.[0]);
              currentTarget.value = '';
            }}
          />
        </label>
        <span class="muted">or drop it here. It stays on your machine.</span>
      </div>
      {upload.value && <WhatWasDone {...upload.value} />}
    </>
  );
}

/** How the file became a picture that the network can take. */
function WhatWasDone(one: Upload & { inverted: boolean }) {
  const { width, height, bright, inverted } = one;
  const [rows, columns] = state.value.data?.imageShape ?? [];
  return (
    <>
      <p class="muted" role="status">
        {width} × {height} pixels, made grey and scaled to {columns} × {rows}
        {inverted && bright && '; its ground is bright, so black and white are exchanged'}
        {inverted && !bright && '; black and white are exchanged'}.
      </p>
      <label class="check">
        <input type="checkbox" checked={inverted} onChange={() => void use({ ...one, inverted: !inverted })} />
        exchange black and white
      </label>
    </>
  );
}

async function use(one: Upload & { inverted: boolean }): Promise<void> {
  upload.value = one;
  await chooseOwn(one.name, toInput(one, one.inverted, state.value.data!.imageShape));
}
