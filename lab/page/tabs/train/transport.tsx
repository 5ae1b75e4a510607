import { ask } from '../../client.ts';
import { percent, rate, thousands } from '../../parts/format.ts';
import { latest } from '../../parts/latest.ts';
import { Slider } from '../../parts/slider.tsx';
import { attempt, judgements, moments, state } from '../../store.ts';

/** Start, pause, one step, one epoch; the figures; what can be changed on the way; and the way back. */
export function Transport() {
  const { training } = state.value;
  const running = training?.running ?? false;
  const rests = training !== undefined && !running;
  const run = (steps: number) => void attempt('Training stopped', () => ask('train.run', { steps }));
  const { step = 0, stepsPerEpoch = 1, recorded = false } = training ?? {};
  return (
    <section class="transport" aria-label="Training" data-tour="transport">
      <div class="buttons">
        <button
          type="button"
          class="play"
          disabled={!training}
          aria-label={running ? 'Pause' : 'Start'}
          onClick={() => (running ? void ask('train.pause') : run(Number.POSITIVE_INFINITY))}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={running ? 'M7 5h4v14H7zM13 5h4v14h-4z' : 'M8 5l11 7-11 7z'} />
          </svg>
        </button>
        <button type="button" disabled={!rests} onClick={() => run(1)}>
          One step
        </button>
        <button type="button" disabled={!rests || recorded} onClick={() => run(stepsPerEpoch - (step % stepsPerEpoch))}>
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
          disabled={!training || recorded}
          onInput={setLearningRate}
        />
        {training?.dropout !== undefined && (
          <Slider
            label="Dropout"
            low={0}
            high={0.9}
            value={training.dropout}
            format={value => percent(value, 0)}
            onChange={setDropout}
          />
        )}
        <Slider
          label="Step"
          whole
          low={training?.start ?? 0}
          high={Math.max(training?.head ?? 0, 1)}
          value={step}
          format={value => thousands(Math.round(value))}
          disabled={!rests || training.head === training.start}
          onInput={goTo}
        />
      </div>
    </section>
  );
}

const setLearningRate = latest((learningRate: number) =>
  attempt('The learning rate stays', () => ask('train.setLearningRate', { learningRate })),
);
const setDropout = latest((share: number) => attempt('Dropout stays', () => ask('train.setDropout', { rate: share })));
const goTo = latest((step: number) =>
  attempt('There is no way to that step', () => ask('train.goTo', { step: Math.round(step) })),
);

function Figures() {
  const { training } = state.value;
  const { step = 0, stepsPerEpoch = 1 } = training ?? {};
  const moment = moments.value.findLast(one => one.step <= step);
  const judged = judgements.value.findLast(one => one.step <= step);
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
