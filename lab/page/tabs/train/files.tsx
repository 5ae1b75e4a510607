import { signal } from '@preact/signals';
import { ask } from '../../client.ts';
import { download, type Kept, keep, kept } from '../../keep.ts';
import { attempt, notify, state } from '../../store.ts';

/** What is kept in this browser. */
const stored = signal<Kept | undefined>(undefined);
void kept().then(
  found => {
    stored.value = found;
  },
  // A browser that keeps nothing, as in a private window, can still save files.
  () => {},
);

/** Keeping a training, taking it along, and coming back to it. */
export function Files() {
  const { model, training } = state.value;
  const name = `${model?.network.config.name ?? 'network'}-step${training?.step ?? 0}`;
  const rests = training !== undefined && !training.running && !training.recorded;
  const save = (ending: string, bytes: () => Promise<Uint8Array>) =>
    void attempt('It could not be saved', async () => download(`${name}.${ending}`, await bytes()));
  return (
    <div class="files">
      <div class="buttons">
        <button type="button" disabled={!rests} onClick={() => void keepHere(name)}>
          Keep in this browser
        </button>
        <button type="button" disabled={!rests || !stored.value} onClick={() => void open(stored.value!.bytes, 'kept')}>
          Go back to what was kept
        </button>
        {stored.value && (
          <span class="muted">
            {stored.value.title}, {new Date(stored.value.when).toLocaleString()}
          </span>
        )}
      </div>
      <div class="buttons">
        <button type="button" disabled={!rests} onClick={() => save('training.safetensors', () => ask('train.save'))}>
          Save training
        </button>
        <button
          type="button"
          disabled={!model}
          onClick={() => save('safetensors', () => ask('train.export', { format: 'safetensors' }))}
        >
          Save weights
        </button>
        <button
          type="button"
          disabled={!model}
          onClick={() => save('onnx', () => ask('train.export', { format: 'onnx' }))}
        >
          Save as ONNX
        </button>
        <label class="button">
          Open a file
          <input type="file" accept=".safetensors" onChange={event => void openChosen(event.currentTarget)} />
        </label>
        <button type="button" onClick={() => void copyLink()}>
          Copy a link to this network
        </button>
      </div>
    </div>
  );
}

async function keepHere(title: string): Promise<void> {
  await attempt('It could not be kept', async () => {
    const one = { title, bytes: await ask('train.save'), when: new Date().toISOString() };
    await keep(one);
    stored.value = one;
  });
}

async function open(bytes: Uint8Array, name: string): Promise<void> {
  await attempt('That could not be opened', async () => await ask('file.open', { bytes, name }));
}

async function openChosen(input: HTMLInputElement): Promise<void> {
  const [file] = input.files ?? [];
  if (file) await open(new Uint8Array(await file.arrayBuffer()), file.name);
  // The same file may be chosen again.
  input.value = '';
}

async function copyLink(): Promise<void> {
  await attempt('The link could not be copied', async () => {
    await navigator.clipboard.writeText(location.href);
    notify({ kind: 'information', title: 'Copied', text: 'Whoever opens the link gets this network with this seed.' });
  });
}
