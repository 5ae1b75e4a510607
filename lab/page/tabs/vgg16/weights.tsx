import { useId } from 'preact/hooks';
import { ask } from '../../client.ts';
import { Progress } from '../../parts/progress.tsx';
import { load, take, vgg16 } from './store.ts';

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

const FROM = { server: 'fetched', kept: 'kept from an earlier visit', file: 'from your file' } as const;

/** Where the weights come from, and how far they are. */
export function Weights() {
  const { weights } = vgg16.value;
  if (weights.status === 'loading') {
    const { loaded, total } = weights;
    return (
      <Progress
        label={`${megabytes(loaded)} of ${megabytes(total)} MB`}
        done={loaded}
        total={total}
        onStop={() => void ask('vgg16.stop', { job: 'load' })}
      />
    );
  }
  if (weights.status === 'ready') {
    return (
      <div class="buttons">
        <p class="muted">
          Weights: {megabytes(weights.bytes)} MB, {FROM[weights.from]}
        </p>
        <Choose label="Other weights" />
      </div>
    );
  }
  return (
    <div class="start">
      <p>
        VGG16 learned to tell a thousand kinds of things apart on 1.2 million photos (ImageNet). Its 13 convolutions,
        rounded to float16, weigh 29 MB; they stay in this browser for the next visit.
      </p>
      <div class="buttons">
        {weights.served !== undefined && (
          <button type="button" class="primary" onClick={() => void load()}>
            Load the weights, {megabytes(weights.served)} MB
          </button>
        )}
        <Choose label="Choose a file of weights" />
      </div>
      <p class="muted">
        The file is <code>weights/vgg16/imagenet-f16.safetensors</code> of weft's repository, or what{' '}
        <code>weft convert</code> makes of another.
      </p>
    </div>
  );
}

function Choose({ label }: { label: string }) {
  const id = useId();
  return (
    <label class="file" for={id}>
      {label}
      <input
        id={id}
        type="file"
        accept=".safetensors"
        onChange={event => {
          const [file] = event.currentTarget.files ?? [];
          if (file) void take(file);
        }}
      />
    </label>
  );
}
