import { Chart } from '../../parts/chart.tsx';
import { Confusion } from '../../parts/confusion.tsx';
import { percent } from '../../parts/format.ts';
import { judgements, moments, state } from '../../store.ts';
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
          <section aria-labelledby="picture-title">
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
        </div>
      </div>
    </>
  );
}

function Curves() {
  const line = <T extends { step: number }>(all: readonly T[], part: keyof T) =>
    all.map((one): [number, number] => [one.step, one[part] as number]);
  const train = { label: 'training', colour: '--c0' };
  const held = { label: 'held back', colour: '--c1', marks: true };
  return (
    <div class="charts">
      <Chart
        title="Loss"
        format={value => value.toFixed(2)}
        lines={[
          { ...train, points: line(moments.value, 'loss') },
          { ...held, points: line(judgements.value, 'loss') },
        ]}
      />
      <Chart
        title="Accuracy"
        format={value => percent(value, 0)}
        high={1}
        lines={[
          { ...train, points: line(moments.value, 'accuracy') },
          { ...held, points: line(judgements.value, 'accuracy') },
        ]}
      />
    </div>
  );
}

function Mistaken() {
  const latest = judgements.value[judgements.value.length - 1];
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
