/** Networks with numbers of their own: a run of Node, the trained CNN, the recorded training. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ImageData8 } from '../../src/data/dataset.ts';
import { readSafetensors } from '../../src/index.ts';
import { nodeFiles } from '../../src/platform/node.ts';
import type { EpochMetrics } from '../../src/train/events.ts';
import { RunFolder } from '../../src/train/run-folder.ts';
import { idx } from '../data/make.ts';
import { drawnData, drawnSite, type OpenLab, openLab, PATIENT, pixelsOf } from './lab-page.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EPOCHS = 3;

let folder: string;
let lab: OpenLab;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weft-lab-run-'));
  const { train, test } = await drawnData();
  const write = (name: string, { images, labels, count, height, width }: ImageData8) => {
    writeFileSync(join(folder, `${name}-images-idx3-ubyte`), idx([count, height, width], images));
    writeFileSync(join(folder, `${name}-labels-idx1-ubyte`), idx([count], labels));
  };
  write('train', train);
  write('t10k', test);
  const settings = [
    '--epochs',
    String(EPOCHS),
    '--batch',
    '32',
    '--watch',
    '--data',
    folder,
    '--out',
    join(folder, 'run'),
  ];
  const { status, stderr } = spawnSync(join(ROOT, 'weft'), ['train', 'mlp', ...settings], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => await lab?.[Symbol.asyncDispose]());

const figures = () => lab.page.locator('.figures').first().innerText();
const values = async (layer: string) =>
  await lab.page.evaluate(async name => {
    return Array.from((await globalThis.weftLab.ask('layer.values', { layer: name })).values);
  }, layer);

describe('a run that was made in Node', () => {
  it('shows its curves and its network, which can be trained on', async () => {
    const run = new RunFolder(nodeFiles, join(folder, 'run'));
    lab = await openLab({ site: await drawnSite(undefined, run) });
    expect(await lab.page.title()).toMatch(/run in the weft lab$/);
    const lines = readFileSync(run.at('metrics.jsonl'), 'utf8').trim().split('\n');
    const metrics = lines.map(line => JSON.parse(line) as EpochMetrics);
    const history = await lab.history();
    expect(history.map(({ loss }) => loss)).toEqual(metrics.map(({ loss }) => loss));
    expect(history[1]!.step).toBe(2 * history[0]!.step);
    // Its weights are there, not the first ones of its seed.
    const kernel = await lab.page.evaluate(async () =>
      Array.from(await globalThis.weftLab.ask('train.export', { format: 'safetensors' })),
    );
    const own = readSafetensors(readFileSync(run.at('model.safetensors')), 'run').tensors;
    const shown = readSafetensors(Uint8Array.from(kernel), 'shown').tensors;
    expect([...shown.keys()].sort()).toEqual([...own.keys()].sort());
    for (const [name, { data }] of own) expect(shown.get(name)!.data).toEqual(data);
    await lab.page.getByRole('button', { name: 'One step', exact: true }).click();
    await lab.page.waitForFunction(() => globalThis.weftLab.state.value.training?.step === 1);
    expect(lab.errors).toEqual([]);
  });
});

describe('a study of a run', () => {
  it('knows how it went, until another network has taken its place', async () => {
    lab = await openLab({ site: await drawnSite(undefined, new RunFolder(nodeFiles, join(folder, 'run'))) });
    await lab.page.getByRole('link', { name: 'Study', exact: true }).click();
    const study = lab.page.getByRole('article', { name: 'Dead units' });
    await study.getByRole('button', { name: /^Do it/ }).click();
    await study.getByRole('region', { name: 'Dead units over time' }).waitFor();
    expect(await study.innerText()).not.toMatch(/first weights are not known|--watch/);
    await lab.page.evaluate(async () => {
      const { network } = globalThis.weftLab.state.value.model!;
      await globalThis.weftLab.ask('model.set', { network });
    });
    await study.getByRole('button', { name: /^Do again/ }).click();
    await study.getByText('weft train --watch keeps it').waitFor();
    expect(lab.errors).toEqual([]);
  });
});

describe('the trained CNN', () => {
  it('comes with the page: by the list of networks, and by the address', async () => {
    lab = await openLab();
    await lab.page
      .getByRole('combobox', { name: 'network', exact: true })
      .selectOption({ label: 'CNN 32-64-128, trained' });
    const name = () => lab.page.evaluate(() => globalThis.weftLab.state.value.model?.origin);
    await expect.poll(name, PATIENT).toBe('brought');
    await expect.poll(() => lab.page.url()).toMatch(/net=trained$/);
    const conv1 = await values('conv1');
    await lab.page.reload();
    await lab.page.waitForSelector('.layers li');
    await expect.poll(name, PATIENT).toBe('brought');
    await expect.poll(() => values('conv1'), PATIENT).toEqual(conv1);
    // How it has changed since its start is not known here, and not offered.
    await lab.page.getByRole('link', { name: 'Look', exact: true }).click();
    await lab.page.getByRole('group', { name: 'Which weights' }).waitFor();
    expect(await lab.page.getByRole('button', { name: 'Change since the start' }).count()).toBe(0);
    expect(lab.errors).toEqual([]);
  });
});

describe('the recorded training', () => {
  it('plays where there is no WebGPU: its steps, its maps, one value written out', async () => {
    lab = await openLab({ webgpu: false, params: {} });
    const training = () => lab.page.evaluate(() => globalThis.weftLab.state.value.training);
    await expect.poll(async () => (await training())?.recorded, PATIENT).toBe(true);
    const { head, start } = (await training())!;
    expect(start).toBe(0);
    expect(head).toBeGreaterThan(100);
    expect(await figures()).toMatch(/held back\s+\d\d\.\d %/);
    const last = await values('conv2');
    await lab.page.getByLabel('Step', { exact: true }).fill('0');
    await expect.poll(async () => (await training())?.step, PATIENT).toBe(0);
    expect(await values('conv2')).not.toEqual(last);
    await lab.page.getByRole('button', { name: 'Start', exact: true }).click();
    await expect.poll(async () => (await training())?.step, PATIENT).toBeGreaterThan(0);
    await lab.page.getByRole('button', { name: 'Pause', exact: true }).click();
    await lab.page.getByRole('link', { name: 'Look', exact: true }).click();
    const maps = lab.page.getByRole('application', { name: /^Maps of conv1\./ });
    await maps.click({ position: { x: 40, y: 40 } });
    await lab.page.locator('.story .equation').first().waitFor();
    const canvas = lab.page.getByRole('img', { name: 'Maps of conv1', exact: true });
    expect(new Set((await pixelsOf(lab.page, canvas)).pixels).size).toBeGreaterThan(20);
    expect(lab.errors).toEqual([]);
  });
});
