import { useId } from 'preact/hooks';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { percent } from '../../parts/format.ts';
import { Progress } from '../../parts/progress.tsx';
import { state } from '../../store.ts';
import { present, SIZES, show, shown, size, upload, vgg16 } from './store.ts';

/** Which picture, how large, and how far the network is with it. */
export function Picture() {
  const id = useId();
  const { data } = state.value;
  const { look } = vgg16.value;
  if (!data) return null;
  const now = present();
  const count = data.train + data.validation;
  const index = now.kind === 'data' ? now.index : data.train;
  const step = (by: number) => void show({ kind: 'data', index: (index + by + count) % count });
  const title = now.kind === 'data' ? `picture ${now.index} of ${data.name}` : now.name;
  return (
    <section aria-labelledby="vgg16-picture" class="sight">
      <h2 id="vgg16-picture">Picture</h2>
      <WorkerCanvas
        className="input"
        label={`What VGG16 sees: ${title}, ${size.value} × ${size.value} pixels`}
        show={canvas => ask('vgg16.showPicture', { canvas })}
        deps={[shown.value]}
      />
      <div class="controls">
        <p class="muted">{title}</p>
        <div class="buttons">
          <button type="button" aria-label="Picture before" onClick={() => step(-1)}>
            ‹
          </button>
          <button type="button" aria-label="Next picture" onClick={() => step(1)}>
            ›
          </button>
          <label class="file" for={id}>
            Your photo
            <input
              id={id}
              type="file"
              accept="image/*"
              onChange={event => {
                const [file] = event.currentTarget.files ?? [];
                if (file) void upload(file);
              }}
            />
          </label>
        </div>
        <fieldset class="choices">
          <legend class="caption">Side in pixels</legend>
          {SIZES.map(side => (
            <label key={side}>
              <input type="radio" name="side" checked={size.value === side} onChange={() => void show(now, side)} />
              {side}
            </label>
          ))}
        </fieldset>
        {look?.running && (
          <Progress
            label={progressText(look)}
            done={look.done}
            total={look.layers.length}
            onStop={() => void ask('vgg16.stop', { job: 'look' })}
          />
        )}
      </div>
      <Prediction />
    </section>
  );
}

function progressText({ done, layers, millisecondsLeft }: NonNullable<(typeof vgg16.value)['look']>): string {
  const left = millisecondsLeft === undefined ? '' : `, ${Math.ceil(millisecondsLeft / 1000)} s left`;
  return `layer ${done} of ${layers.length}${left}`;
}

/** What a head of the run that the lab shows makes of it. */
function Prediction() {
  const head = vgg16.value.look?.head;
  if (!head) return null;
  const { classes, probabilities, size: side } = head;
  return (
    <div class="prediction">
      <h3>What the head of your run says</h3>
      {probabilities ? (
        <ol class="classes">
          {classes.map((name, k) => (
            <li key={name} style={{ '--share': probabilities[k]!.toFixed(4) }}>
              <span>{name}</span>
              <span>{percent(probabilities[k]!, 0)}</span>
            </li>
          ))}
        </ol>
      ) : (
        <p class="muted">It was trained on pictures of {side} pixels; choose that size.</p>
      )}
    </div>
  );
}
