import { ask } from '../../client.ts';
import { percent, rate, thousands } from '../../parts/format.ts';
import { Slider } from '../../parts/slider.tsx';
import { attempt, judgements, moments, state } from '../../store.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;

/** Start, pause, one step, one epoch; the figures; what can be changed on the way. */
export function Transport() {
  const { training } = state.value;
  const running = training?.running ?? false;
  const run = (steps: number) => void attempt('Training stopped', () => ask('train.run', { steps }));
  const { step = 0, stepsPerEpoch = 1 } = training ?? {};
  return (
    <section class="transport" aria-label="Training">
      <div class="buttons">
        <button
          type="button"
          class="play"
          disabled={!training}
          aria-label={running ? 'Pause' : 'Start'}
          onClick={() => (running ? void ask('train.pause') : run(FOR_EVER))}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={running ? 'M7 5h4v14H7zM13 5h4v14h-4z' : 'M8 5l11 7-11 7z'} />
          </svg>
        </button>
        <button type="button" disabled={!training || running} onClick={() => run(1)}>
          One step
        </button>
        <button
          type="button"
          disabled={!training || running}
          onClick={() => run(stepsPerEpoch - (step % stepsPerEpoch))}
        >
          One epoch
        </button>
      </div>
      <Figures />
      <div class="sliders">
        <Slider
          label="Learning rate"
          low={1e-5}
          high={1}
          logarithmic
          value={training?.learningRate ?? 1e-3}
          format={rate}
          disabled={!training}
          onChange={learningRate => void ask('train.setLearningRate', { learningRate })}
        />
      </div>
    </section>
  );
}

function Figures() {
  const { training } = state.value;
  const { step = 0, stepsPerEpoch = 1 } = training ?? {};
  const moment = moments.value[moments.value.length - 1];
  const judged = judgements.value[judgements.value.length - 1];
  const figures = [
    ['epoch', (step / stepsPerEpoch).toFixed(2)],
    ['step', thousands(step)],
    ['loss', moment?.loss.toFixed(3) ?? '–'],
    ['accuracy', moment ? percent(moment.accuracy) : '–'],
    ['held back', judged ? percent(judged.accuracy) : '–'],
    ['images/s', training?.imagesPerSecond ? thousands(training.imagesPerSecond) : '–'],
  ] as const;
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
