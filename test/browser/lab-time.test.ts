import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSession } from '../../src/train/session-file.ts';
import { type OpenLab, openLab, PATIENT } from './lab-page.ts';

let lab: OpenLab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const button = (name: string) => lab.page.getByRole('button', { name, exact: true });
const step = async () => await lab.page.evaluate(() => globalThis.weftLab.state.value.training!.step);
const run = async (steps: number) =>
  await lab.page.evaluate(async count => await globalThis.weftLab.ask('train.run', { steps: count }), steps);
const values = async () =>
  await lab.page.evaluate(async () =>
    Array.from((await globalThis.weftLab.ask('layer.values', { layer: 'conv2' })).values),
  );

describe('the way back', () => {
  it('leads to the very values that a layer had before', async () => {
    await run(12);
    const then = await values();
    await run(12);
    expect(await values()).not.toEqual(then);
    await lab.page.getByLabel('Step', { exact: true }).fill('12');
    await expect.poll(step, PATIENT).toBe(12);
    expect(await values()).toEqual(then);
  });

  it('forgets what was recorded behind the present when something is changed there', async () => {
    expect(await lab.history()).toHaveLength(24);
    await lab.page.evaluate(async () => await globalThis.weftLab.ask('train.setDropout', { rate: 0.5 }));
    expect(await lab.history()).toHaveLength(12);
    expect(await lab.page.evaluate(() => globalThis.weftLab.state.value.training!.dropout)).toBe(0.5);
  });
});

describe('a training that is kept', () => {
  it('in the browser comes back with its steps and its values', async () => {
    const then = await values();
    await button('Keep in this browser').click();
    await lab.page.getByText(/own-step12, /).waitFor();
    await button('Start anew').click();
    await expect.poll(step, PATIENT).toBe(0);
    await button('Go back to what was kept').click();
    await expect.poll(step, PATIENT).toBe(12);
    expect(await values()).toEqual(then);
    expect(await lab.history()).toHaveLength(12);
  });

  it('as a file is one that the library reads', async () => {
    const [file] = await Promise.all([lab.page.waitForEvent('download'), button('Save training').click()]);
    expect(file.suggestedFilename()).toBe('own-step12.training.safetensors');
    const { about, history } = await decodeSession(await readFile(await file.path()), 'download');
    expect(about).toMatchObject({ step: 12, training: { batch: 16, seed: 1 } });
    expect(history).toHaveLength(12);
  });

  it('knows whether it began with the numbers of its seed, so that their change can be told', async () => {
    // All inside of the page: the files are large.
    const isOwn = await lab.page.evaluate(async () => {
      const { ask, state } = globalThis.weftLab;
      const own = () => state.value.model!.isOwn;
      const begun = await ask('train.save');
      const weights = await ask('train.export', { format: 'safetensors' });
      await ask('file.open', { bytes: weights, name: 'weights.safetensors' });
      const seen = [own()];
      const other = await ask('train.save');
      for (const bytes of [other, begun]) {
        await ask('file.open', { bytes, name: 'training.safetensors' });
        seen.push(own());
      }
      return seen;
    });
    expect(isOwn).toEqual([false, false, true]);
    expect(await step()).toBe(12);
  });

  it('leaves as ONNX too', async () => {
    const [file] = await Promise.all([lab.page.waitForEvent('download'), button('Save as ONNX').click()]);
    expect(file.suggestedFilename()).toBe('own-step12.onnx');
    expect((await readFile(await file.path())).includes('Gemm')).toBe(true);
  });
});

describe('the address', () => {
  it('names the network and its seed, and opens the same one', async () => {
    await lab.page.getByLabel('seed').fill('5');
    await lab.page.getByLabel('seed').blur();
    await expect.poll(() => lab.page.url(), PATIENT).toMatch(/own=[\w-]+&seed=5$/);
    const then = await values();
    await lab.page.reload();
    await lab.page.waitForSelector('.layers li');
    await expect.poll(async () => await values(), PATIENT).toEqual(then);
    expect(lab.errors).toEqual([]);
  });
});
