import { useId } from 'preact/hooks';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { percent } from '../../parts/format.ts';
import { attempt, probabilities, state } from '../../store.ts';
import { readPicture, toInput } from '../explain/upload.ts';

/** Which picture is looked at: by its number, by its class, one on or back; and what the network says of it. */
export function Chooser() {
  const { data, image, target } = state.value;
  const numberId = useId();
  const classId = useId();
  const targetId = useId();
  if (!data) return null;
  const count = data.train + data.validation;
  const index = image?.kind === 'data' ? image.index : data.train;
  const choose = (next: number) =>
    void attempt('That picture cannot be shown', () => ask('image.choose', { index: (next + count) % count }));
  const ofClass = (label: number) =>
    void attempt('That picture cannot be shown', async () => {
      const next = await ask('look.next', { label, after: index });
      await ask('image.choose', { index: next });
    });
  const best = data.classes
    .map((name, k) => ({ name, share: probabilities.value[k] ?? 0 }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 3);
  const label = image?.kind === 'data' ? data.classes[image.label]! : (image?.name ?? '');
  return (
    <section class="chooser" aria-label="Picture">
      <WorkerCanvas
        className="input"
        label={`The chosen picture: ${label}`}
        show={canvas => ask('image.show', { canvas })}
        deps={[]}
      />
      <div class="form">
        <div class="buttons">
          <button type="button" aria-label="Picture before" onClick={() => choose(index - 1)}>
            ‹
          </button>
          <button type="button" aria-label="Next picture" onClick={() => choose(index + 1)}>
            ›
          </button>
        </div>
        <div class="field">
          <label for={numberId}>number</label>
          <input
            id={numberId}
            type="number"
            min={0}
            max={count - 1}
            step={1}
            value={image?.kind === 'data' ? index : ''}
            onChange={({ currentTarget: { valueAsNumber } }) => {
              if (Number.isInteger(valueAsNumber) && valueAsNumber >= 0 && valueAsNumber < count) choose(valueAsNumber);
            }}
          />
        </div>
        <div class="field">
          <label for={classId}>next of class</label>
          <select
            id={classId}
            value=""
            onChange={({ currentTarget }) => {
              const { value } = currentTarget;
              currentTarget.value = '';
              if (value !== '') ofClass(Number(value));
            }}
          >
            <option value="">…</option>
            {data.classes.map((name, k) => (
              <option key={name} value={k}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <label class="own-file">
          Your own picture
          <input
            type="file"
            accept="image/*"
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              currentTarget.value = '';
              if (file) void takeFile(file);
            }}
          />
        </label>
        <div class="field">
          <label for={targetId}>loss asks for</label>
          <select
            id={targetId}
            value={target}
            onChange={({ currentTarget }) => void ask('look.target', { target: Number(currentTarget.value) })}
          >
            {data.classes.map((name, k) => (
              <option key={name} value={k}>
                {name}
              </option>
            ))}
          </select>
        </div>
      </div>
      <p class="told">
        <b>{label}</b>
        {image?.kind === 'data' && <span class="muted"> {index < data.train ? 'learned from' : 'held back'}</span>}
        <br />
        <span class="muted">network says </span>
        {best.map(({ name, share }, i) => (
          <span key={name}>
            {i > 0 && ', '}
            {name} {percent(share, 0)}
          </span>
        ))}
      </p>
    </section>
  );
}

/** A bright ground is made dark: networks know pictures on black. */
async function takeFile(file: File): Promise<void> {
  await attempt('That file cannot be shown', async () => {
    const upload = await readPicture(file);
    const pixels = toInput(upload, upload.bright, state.value.model!.network.config.inputShape);
    await ask('image.own', { name: file.name, pixels });
  });
}
