import { Chart, type Line } from '../../parts/chart.tsx';
import { Confusion } from '../../parts/confusion.tsx';
import { percent } from '../../parts/format.ts';
import { smooth } from '../../parts/smooth.ts';
import { judgements, moments, state } from '../../store.ts';
import { Files } from './files.tsx';
import { Network } from './network.tsx';
import { Picture } from './picture.tsx';
import { Transport } from './transport.tsx';

export function Train() {
  return (
    <>
      <Transport />
      <div class="train">
        <section aria-labelledby="network-title">
          <h2 id="network-title">Network</h2>
          <Network />
        </section>
        <div class="side">
          <section aria-labelledby="picture-title" data-tour="picture">
            <h2 id="picture-title">Picture</h2>
            <Picture />
          </section>
          <section aria-labelledby="curves-title">
            <h2 id="curves-title">Progress</h2>
            <Curves />
          </section>
          <section aria-labelledby="confusion-title">
            <h2 id="confusion-title">What is taken for what</h2>
            <Mistaken />
          </section>
          <section aria-labelledby="files-title">
            <h2 id="files-title">Keep and share</h2>
            <Files />
          </section>
        </div>
      </div>
    </>
  );
}

function Curves() {
  const { training } = state.value;
  const at = training && training.step < training.head ? training.step : undefined;
  const lines = (part: 'loss' | 'accuracy'): Line[] => {
    const points = moments.value.map((one): [number, number] => [one.step, one[part]]);
    const held = judgements.value.map((one): [number, number] => [one.step, one[part]]);
    return [
      { label: 'each batch', colour: '--c0', points, faint: true },
      { label: 'training', colour: '--c0', points: smooth(points) },
      { label: 'held back', colour: '--c1', points: held, marks: true },
    ];
  };
  return (
    <div class="charts">
      <Chart title="Loss" format={value => value.toFixed(2)} lines={lines('loss')} at={at} />
      <Chart title="Accuracy" format={value => percent(value, 0)} high={1} lines={lines('accuracy')} at={at} />
    </div>
  );
}

function Mistaken() {
  const latest = judgements.value.findLast(({ confusion }) => confusion.length > 0);
  const classes = state.value.data?.classes ?? [];
  if (!latest) return <p class="muted">After each epoch: which held-back pictures are taken for what.</p>;
  const count = latest.confusion.flat().reduce((a, b) => a + b, 0);
  return (
    <>
      <p class="muted">
        {percent(latest.accuracy)} of {count} held-back pictures right, at step {latest.step}. Rows are what they are.
      </p>
      <Confusion matrix={latest.confusion} classes={classes} />
    </>
  );
}
