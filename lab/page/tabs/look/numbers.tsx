import { Histogram } from './histogram.tsx';
import { chosen, numbers } from './look.ts';

/** How the numbers of the layer that is looked at are spread. */
export function Numbers() {
  const found = numbers.value;
  if (found?.station !== chosen.value) return null;
  const { values, gradients, weights, weightGradients } = found.of;
  return (
    <section aria-labelledby="numbers-title">
      <div class="heading">
        <h2 id="numbers-title">Spread of its numbers</h2>
        <p class="muted">for this picture; the height is the root of how many</p>
      </div>
      <div class="histograms">
        <Histogram title="Values" of={values} />
        <Histogram title="Gradients of values" of={gradients} />
        {weights && <Histogram title="Weights" of={weights} />}
        {weightGradients && <Histogram title="Gradients of weights" of={weightGradients} />}
      </div>
    </section>
  );
}
