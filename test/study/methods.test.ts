import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/platform/errors.ts';
import { findMethod, methods, whyNot } from '../../src/study/index.ts';
import { gpuEngine } from '../support/engine.ts';
import { IMAGE, network, networkOn, networks, pictures } from './models.ts';

describe('the methods', () => {
  for (const kind of Object.keys(networks)) {
    it(`explain a picture by the ${kind}, each with a map of its size, or say why not`, async () => {
      using model = network(kind);
      for (const method of methods) {
        const why = whyNot(method, model);
        expect(why !== undefined, method.name).toBe(kind === 'mlp' && method.needsMaps);
        if (why) {
          expect(why).toMatch(/convolution/);
          continue;
        }
        const { map, native } = await method.explain(model, pictures(IMAGE), { target: 2, rough: true });
        expect(map.shape, method.name).toEqual([8, 8]);
        expect(map.values.every(Number.isFinite), method.name).toBe(true);
        expect(
          map.values.some(value => value !== 0),
          method.name,
        ).toBe(true);
        if (!method.signed) expect(Math.min(...map.values), method.name).toBeGreaterThanOrEqual(0);
        if (native) expect(native.values.length).toBeLessThanOrEqual(64);
      }
    });
  }

  it('give the same on a device as in float64', async () => {
    const engine = await gpuEngine();
    using reference = network('cnn');
    using model = networkOn(engine, 'cnn');
    for (const method of methods) {
      const options = { target: 1, rough: true };
      const expected = await method.explain(reference, pictures(IMAGE), options);
      const { map } = await method.explain(model, pictures(IMAGE), options);
      const largest = Math.max(...expected.map.values.map(Math.abs));
      map.values.forEach((value, i) => {
        expect(Math.abs(value - expected.map.values[i]!), method.name).toBeLessThan(1e-4 * largest);
      });
    }
  });

  it('have names of their own', () => {
    expect(new Set(methods.map(({ name }) => name)).size).toBe(methods.length);
    expect(findMethod('grad-cam').title).toBe('Grad-CAM');
    expect(() => findMethod('lime')).toThrow(ValueError);
  });
});
