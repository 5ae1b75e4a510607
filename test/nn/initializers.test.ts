import { describe, expect, it } from 'vitest';
import { fans, INITIALIZERS, type Initializer, initialValues } from '../../src/nn/initializers.ts';

const SHAPE = [3, 3, 40, 60];
const FAN_IN = 9 * 40;
const FAN_OUT = 9 * 60;

function statistics(values: Float32Array) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: values.reduce((most, v) => Math.max(most, Math.abs(v)), 0) };
}

describe('initializers', () => {
  it('count the window of a convolution in both fans', () => {
    expect(fans([784, 128])).toEqual({ fanIn: 784, fanOut: 128 });
    expect(fans(SHAPE)).toEqual({ fanIn: FAN_IN, fanOut: FAN_OUT });
  });

  it.each<[Initializer, number]>([
    ['glorotUniform', 2 / (FAN_IN + FAN_OUT)],
    ['glorotNormal', 2 / (FAN_IN + FAN_OUT)],
    ['heUniform', 2 / FAN_IN],
    ['heNormal', 2 / FAN_IN],
  ])('%s has mean 0, its variance and its bound', (initializer, variance) => {
    const found = statistics(initialValues(initializer, SHAPE, 3, 'conv.kernel'));
    const deviation = Math.sqrt(variance);
    // Six standard errors of the mean of 21,600 values; a variance is known to about 1 %.
    expect(Math.abs(found.mean)).toBeLessThan((6 * deviation) / Math.sqrt(21_600));
    expect(found.variance / variance).toBeCloseTo(1, 1);
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.04);
    const bound = initializer.endsWith('Uniform') ? Math.sqrt(3) * deviation : (2 * deviation) / 0.8796256610342398;
    expect(found.largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(found.largest).toBeGreaterThan(bound * 0.99);
  });

  it('cuts the normal off as a normal, not as something flat', () => {
    const values = initialValues('glorotNormal', SHAPE, 1, 'a');
    const deviation = Math.sqrt(2 / (FAN_IN + FAN_OUT)) / 0.8796256610342398;
    const inside = values.filter(v => Math.abs(v) < deviation).length / values.length;
    // Of a normal cut at two deviations, 0.6827 / 0.9545 lie within one.
    expect(inside).toBeCloseTo(0.7153, 2);
  });

  it('zeros and ones are just that', () => {
    expect(initialValues('zeros', [3], 1, 'a')).toEqual(new Float32Array(3));
    expect(initialValues('ones', [3], 1, 'a')).toEqual(Float32Array.of(1, 1, 1));
  });

  it('depend on seed and name and on nothing else', () => {
    for (const initializer of INITIALIZERS.slice(0, 4)) {
      const a = initialValues(initializer, [5, 4], 1, 'dense.kernel');
      expect(initialValues(initializer, [5, 4], 1, 'dense.kernel')).toEqual(a);
      expect(initialValues(initializer, [5, 4], 2, 'dense.kernel')).not.toEqual(a);
      expect(initialValues(initializer, [5, 4], 1 + 2 ** 32, 'dense.kernel')).not.toEqual(a);
      expect(initialValues(initializer, [5, 4], 1, 'dense_2.kernel')).not.toEqual(a);
    }
  });

  it('keep their values from version to version', () => {
    // Runs are repeated from their seed: a change here breaks every one of them.
    const uniform = initialValues('glorotUniform', [2, 2], 1, 'dense.kernel');
    const normal = initialValues('heNormal', [2, 2], 1, 'dense.kernel');
    expect([...uniform, ...normal].map(v => v.toFixed(6))).toMatchInlineSnapshot(`
      [
        "-1.212128",
        "0.361396",
        "0.266971",
        "0.106868",
        "-0.069347",
        "0.908882",
        "0.987113",
        "0.217993",
      ]
    `);
  });
});
