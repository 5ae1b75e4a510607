import { afterEach, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/index.ts';
import { type OpenLab, openLab, PATIENT, pixelsOf } from './lab-page.ts';

let lab: OpenLab;
afterEach(async () => await lab?.[Symbol.asyncDispose]());

const run = async (steps: number) =>
  await lab.page.evaluate(async count => await globalThis.weftLab.ask('train.run', { steps: count }), steps);
const notices = () => lab.page.getByRole('region', { name: 'Messages' });

describe('when the device is lost', () => {
  it('says so, opens another, and goes on training from where it was', async () => {
    lab = await openLab();
    await run(20);
    const before = await lab.history();
    await lab.page.evaluate(async () => await globalThis.weftLab.ask('engine.lose'));
    await expect.poll(() => notices().innerText(), PATIENT).toMatch(/The GPU was lost[\s\S]*stands at step 20/);
    expect(await lab.page.getByRole('status').textContent()).toMatch(/swiftshader/i);
    await run(5);
    const history = await lab.history();
    expect(history.slice(0, 20)).toEqual(before);
    expect(history).toHaveLength(25);
    expect(history.at(-1)!.loss).toBeLessThan(before[0]!.loss);
    const { pixels } = await pixelsOf(lab.page, lab.page.getByRole('img', { name: /^What conv1 makes/ }));
    expect(new Set(pixels).size).toBeGreaterThan(20);
  });
});

describe('when the device is lost for good', () => {
  it('shows what was learned all the same, drawn by the processor', async () => {
    lab = await openLab();
    const learned = async () => {
      const bytes = await lab.page.evaluate(async () =>
        Array.from(await globalThis.weftLab.ask('train.export', { format: 'safetensors' })),
      );
      return readSafetensors(Uint8Array.from(bytes), 'exported');
    };
    // 16 is the last moment that is kept; what came after is lost with the GPU.
    await run(16);
    const kept = await learned();
    await run(4);
    expect((await learned()).tensors).not.toEqual(kept.tensors);
    for (const worker of lab.page.workers()) {
      await worker.evaluate(() => {
        navigator.gpu.requestAdapter = async () => null;
      });
    }
    await lab.page.evaluate(async () => await globalThis.weftLab.ask('engine.lose'));
    await expect.poll(() => notices().innerText(), PATIENT).toMatch(/No other could be opened/);
    expect(await lab.page.getByRole('button', { name: 'Start', exact: true }).isDisabled()).toBe(true);
    const canvas = lab.page.getByRole('img', { name: /^What conv1 makes/ });
    await expect.poll(async () => new Set((await pixelsOf(lab.page, canvas)).pixels).size, PATIENT).toBeGreaterThan(20);
    // Down to the step that its metadata names.
    expect(kept.metadata.step).toBe('16');
    expect(await learned()).toEqual(kept);
  });
});

describe('when there is no more memory', () => {
  /** From now on the next call of that method of a device comes with the error that a driver reports then. */
  const exhaust = async (method: 'createBuffer' | 'createCommandEncoder') => {
    for (const worker of lab.page.workers()) {
      await worker.evaluate(name => {
        const own = GPUDevice.prototype[name];
        const once = function (this: GPUDevice, ...args: unknown[]) {
          Object.assign(GPUDevice.prototype, { [name]: own });
          const error = new GPUOutOfMemoryError('no memory left');
          this.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
          return Reflect.apply(own, this, args);
        };
        Object.assign(GPUDevice.prototype, { [name]: once });
      }, method);
    }
  };

  it('for a network, says so, and the one before stays and trains on', async () => {
    lab = await openLab();
    await run(5);
    await exhaust('createBuffer');
    const refused = await lab.page.evaluate(async () => {
      const [first] = await globalThis.weftLab.ask('model.offers');
      const network = { config: first!.config, training: first!.training, seed: 3 };
      return await globalThis.weftLab.ask('model.set', { network }).then(() => '', String);
    });
    expect(refused).toMatch(/out of memory \(no memory left\); use a smaller batch/);
    await run(3);
    expect(await lab.history()).toHaveLength(8);
  });

  it('for a step, says so, and goes back to the last moment that was kept', async () => {
    lab = await openLab();
    await run(17);
    const before = await lab.history();
    await exhaust('createCommandEncoder');
    await run(5);
    await expect.poll(() => notices().innerText()).toMatch(/memory of the GPU is full[\s\S]*step 16 are back/);
    await run(5);
    const history = await lab.history();
    expect(history).toHaveLength(21);
    expect(history.slice(0, 17)).toEqual(before);
  });
});

describe('when numbers are no longer finite', () => {
  it('says so, and goes back to the last moment that was kept', async () => {
    lab = await openLab();
    await run(17);
    await lab.page.evaluate(async () => {
      await globalThis.weftLab.ask('train.setLearningRate', { learningRate: 1e30 });
    });
    await run(5);
    await expect
      .poll(() => notices().innerText())
      .toMatch(/Numbers ran away[\s\S]*NaN or infinite[\s\S]*step 16 are back/);
    await lab.page.evaluate(async () => {
      await globalThis.weftLab.ask('train.setLearningRate', { learningRate: 1e-3 });
    });
    await run(5);
    const history = await lab.history();
    expect(history.map(({ step }) => step)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
  });
});

describe('without WebGPU', () => {
  it('says how to get it, and shows what layers make of a picture all the same', async () => {
    lab = await openLab({ webgpu: false });
    expect(await notices().innerText()).toMatch(/gives no WebGPU[\s\S]*Chrome, Edge, Firefox or Safari/);
    expect(await lab.page.getByRole('button', { name: 'Start', exact: true }).isDisabled()).toBe(true);
    const canvas = lab.page.getByRole('img', { name: /^What conv1 makes/ });
    await expect.poll(async () => new Set((await pixelsOf(lab.page, canvas)).pixels).size, PATIENT).toBeGreaterThan(20);
    expect(lab.errors).toEqual([]);
  });
});
