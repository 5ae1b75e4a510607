import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOpResult } from '../../src/cli/bench-op-result.ts';
import { seriousFaults } from './axe.ts';
import { type OpenLab, openLab } from './lab-page.ts';

let lab: OpenLab;

beforeAll(async () => {
  lab = await openLab();
  await openTab();
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const openTab = async () => {
  await lab.page.getByRole('link', { name: 'Kernels', exact: true }).click();
  await lab.page.waitForSelector('.step-table tbody tr');
};
const button = (name: string | RegExp) => lab.page.getByRole('button', { name, exact: true });
const rows = () => lab.page.locator('.step-table tbody tr');
const rungs = () => lab.page.locator('.rungs tbody tr');
const list = async () => await lab.page.evaluate(async () => await globalThis.weftLab.ask('kernels.list'));
const box = () => lab.page.getByRole('textbox', { name: 'A kernel of your own' });

/** Chooses the first dispatch of a kernel. */
async function chooseKernel(kernel: string): Promise<void> {
  await rows().getByRole('button', { name: kernel, exact: true }).first().click();
  await lab.page.getByRole('heading', { name: new RegExp(`^Dispatch \\d+: ${kernel} `) }).waitFor();
  await expect.poll(() => box().inputValue()).toMatch(/\/\/ dispatch: plain/);
}

/** Clicks, and waits until a ladder has been run or refused. */
async function climb(name: string): Promise<void> {
  await button(name).click();
  await lab.page.getByRole('button', { name: 'Stop' }).waitFor();
  await button('Run the ladder').waitFor({ timeout: 110_000 });
}

describe('the step', () => {
  it('is listed as it is planned: every dispatch with kernel, variant, layer, workgroups and operations', async () => {
    const { rows: planned } = await list();
    expect(planned.length).toBeGreaterThan(15);
    expect(new Set(planned.map(({ layer }) => layer))).toContain('conv2');
    const shown = await rows().evaluateAll(lines =>
      lines.map(line => Array.from(line.querySelectorAll('td'), cell => cell.textContent)),
    );
    expect(shown.length).toBe(planned.length);
    for (const [i, { kernel, variant, layer = '', workgroups }] of planned.entries()) {
      expect(shown[i]!.slice(0, 3)).toEqual([String(i + 1), `${kernel} ${variant}`, layer]);
      expect(shown[i]![4]!.split(' × ').reduce((product, part) => product * Number(part), 1)).toBe(
        workgroups.reduce((product, count) => product * count, 1),
      );
    }
  });

  it('is timed, dispatch by dispatch, and what is trained stays as it was', async () => {
    const weights = () =>
      lab.page.evaluate(async () =>
        Array.from(await globalThis.weftLab.ask('train.export', { format: 'safetensors' })),
      );
    const before = await weights();
    const { rows: planned } = await list();
    await button('Measure the times').click();
    await button('Measure again').waitFor({ timeout: 110_000 });
    const shown = await rows().evaluateAll(lines =>
      lines.map(line => Array.from(line.querySelectorAll('td'), cell => cell.textContent).slice(-2)),
    );
    expect(shown.length).toBe(planned.length);
    for (const [time, share] of shown) {
      expect(time).toMatch(/^[\d.,]+ (µs|ms|s)$/);
      expect(share).toMatch(/^\d+\.\d %$/);
    }
    const sum = shown.reduce((total, [, share]) => total + Number.parseFloat(share!), 0);
    expect(sum).toBeGreaterThan(98);
    expect(sum).toBeLessThan(102);
    expect(await weights()).toEqual(before);
  });

  it('is grouped by layer, the dearest first', async () => {
    await lab.page.getByLabel('By layer').check();
    const shares = await lab.page.locator('.keys li b').allTextContents();
    const numbers = shares.map(text => Number.parseFloat(text));
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
    expect(await lab.page.locator('.keys').innerText()).toMatch(/conv1[\s\S]*around the layers|around the layers/);
    await lab.page.getByLabel('As it runs').check();
  });

  it('is walked through by the arrow keys', async () => {
    await rows().first().getByRole('button').click();
    await lab.page.keyboard.press('ArrowDown');
    await lab.page.getByRole('heading', { name: /^Dispatch 2: / }).waitFor();
    expect(await lab.page.evaluate(() => (document.activeElement as HTMLElement).dataset.place)).toBe('1');
  });
});

describe('a dispatch', () => {
  it('shows its WGSL with comments, its tensors and its constants', async () => {
    await chooseKernel('adam');
    const { rows: planned } = await list();
    const code = planned.find(({ kernel }) => kernel === 'adam')!.code;
    expect(await lab.page.locator('.wgsl code').textContent()).toBe(code);
    expect(await lab.page.locator('.wgsl .comment').count()).toBeGreaterThan(2);
    expect(await lab.page.locator('.facts').innerText()).toMatch(/changes[\s\S]*parameters/);
  });

  it('has its ladder run right here, and handed on as weft bench op makes it', async () => {
    await chooseKernel('max_pool2d_grad');
    await climb('Run the ladder');
    expect(await rungs().count()).toBeGreaterThan(1);
    expect(await rungs().filter({ hasText: 'taken here' }).count()).toBe(1);
    const waiting = lab.page.waitForEvent('download');
    await button('Save as JSON').click();
    const download = await waiting;
    expect(download.suggestedFilename()).toBe('weft-max_pool2d_grad.json');
    const result = parseOpResult(await readFile(await download.path(), 'utf8'), 'download');
    expect(result).toMatchObject({ kernel: 'max_pool2d_grad', adapter: { software: true } });
    expect(result.rungs.length).toBe(await rungs().count());
    for (const { provenShapes, time } of result.rungs) {
      expect(provenShapes).toBeGreaterThan(0);
      expect(time!.median).toBeGreaterThan(0);
    }
  });

  it('says what is wrong with a call', async () => {
    await lab.page.getByLabel('The call').fill('n=x');
    await lab.page.getByLabel('The call').press('Enter');
    await expect.poll(() => lab.page.getByRole('alert').innerText()).toMatch(/n=x: it must be a number/);
  });
});

describe('a kernel of one’s own', () => {
  it('is proven and timed beside the others', async () => {
    await chooseKernel('dropout');
    await chooseKernel('max_pool2d_grad');
    await box().fill((await box().inputValue()).replace(/^/, '// mine\n'));
    await climb('Prove and time it');
    expect(await lab.page.getByRole('alert').count()).toBe(0);
    expect(await rungs().filter({ hasText: 'yours' }).innerText()).toMatch(/own[\s\S]*(µs|ms)/);
  });

  it('is refused with the first wrong value', async () => {
    const right = await box().inputValue();
    const wrong = right.replace(/(\w+\[[^\]]+\] = )([^;]+);(?![\s\S]*\[[^\]]+\] = )/, '$1($2) + 1.0;');
    expect(wrong).not.toBe(right);
    await box().fill(wrong);
    await climb('Prove and time it');
    expect(await lab.page.getByRole('alert').innerText()).toMatch(
      /'max_pool2d_grad\/own' is wrong: .* is -?[\d.]+, the reference says -?[\d.e-]+/,
    );
  });

  it('is refused with the words of the driver when it is no WGSL', async () => {
    await box().fill((await box().inputValue()).replace('fn main', 'fun main'));
    await climb('Prove and time it');
    expect(await lab.page.getByRole('alert').innerText()).toMatch(/the driver refuses it[\s\S]*error/);
    await button('Back to the plain variant').click();
    expect(await box().inputValue()).toMatch(/^\/\/ dispatch: plain/);
  });
});

describe('the roof', () => {
  it('is measured here, and the kernels stand under it', async () => {
    await button('Measure the roof').click();
    await button('Measure the roof again').waitFor({ timeout: 110_000 });
    const plot = lab.page.getByRole('img', { name: /^The device reaches [\d.,]+ GFLOP\/s and [\d.,]+ GB\/s/ });
    expect(await plot.locator('circle').count()).toBeGreaterThan(3);
    expect(await plot.locator('.roof').count()).toBe(1);
  });

  it('axe finds no serious fault', async () => {
    expect(await seriousFaults(lab.page)).toEqual([]);
    await lab.page.emulateMedia({ colorScheme: 'dark' });
    expect(await seriousFaults(lab.page)).toEqual([]);
  });

  it('on a phone nothing is wider than the screen', async () => {
    await lab.page.setViewportSize({ width: 390, height: 800 });
    expect(await lab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await seriousFaults(lab.page)).toEqual([]);
  });

  it('logs no error in the page', () => {
    expect(lab.errors).toEqual([]);
  });
});
