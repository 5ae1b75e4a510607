import { encode } from 'fast-png';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boxAt, canvasSize, fullLayout } from '../../lab/page/tabs/look/geometry.ts';
import { expectNoFaults } from './axe.ts';
import { type OpenLab, openLab, PATIENT, pixelsOf } from './lab-page.ts';

/** As wide as maps are drawn at most: `ROOM` of the Look tab. */
const ROOM = 640;

let lab: OpenLab;

beforeAll(async () => {
  lab = await openLab();
  await run(20);
  await lab.page.getByRole('link', { name: 'Look', exact: true }).click();
  await stop('conv1').waitFor();
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const run = async (steps: number) =>
  await lab.page.evaluate(async count => await globalThis.weftLab.ask('train.run', { steps: count }), steps);
const stationsOf = async () => await lab.page.evaluate(() => globalThis.weftLab.ask('look.stations'));
/** A layer in the row of all of them. */
const stop = (name: string) => lab.page.locator('.strip button', { has: lab.page.locator('b', { hasText: name }) });
const maps = (name: string) => lab.page.getByRole('application', { name: new RegExp(`^Maps of ${name}\\.`) });
const story = () => lab.page.getByRole('region', { name: 'One value' });
const where = () => story().locator('.where').innerText();
/** A number as the page writes it. */
const read = (text: string) => Number(text.replaceAll('−', '-'));
const numbers = async (of: Locator) => (await of.allInnerTexts()).map(read);
const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const valuesOf = async (layer: string) =>
  await lab.page.evaluate(async name => {
    const { shape, values } = await globalThis.weftLab.ask('layer.values', { layer: name });
    return { shape, values: Array.from(values) };
  }, layer);

/** Clicks the value at these coordinates in the maps of a layer, and waits until it is written out. */
async function pick(layer: string, at: readonly number[]): Promise<void> {
  await stop(layer).click();
  const station = (await stationsOf()).find(({ name }) => name === layer)!;
  const layout = fullLayout(station, ROOM);
  const box = boxAt(layout, at)!;
  const { width } = (await maps(layer).boundingBox())!;
  const zoom = width / canvasSize(layout).width;
  const position = { x: zoom * (box.x + box.width / 2), y: zoom * (box.y + box.height / 2) };
  await maps(layer).click({ position });
  await expect.poll(where, PATIENT).toContain(layer);
  const place = at.length === 1 ? `unit ${at[0]}` : `map ${at[2]}, row ${at[0]}, column ${at[1]}`;
  await expect.poll(where, PATIENT).toContain(place);
}

/** The number above a caption of an equation. */
const part = async (caption: RegExp) =>
  read(
    await story()
      .locator('.part', { has: lab.page.locator('small', { hasText: caption }) })
      .first()
      .locator('b')
      .innerText(),
  );
const cells = async (group: Locator, what: string) => {
  const figure = group.locator('.numbered', { has: lab.page.locator('figcaption', { hasText: what }) });
  const titles = await figure.locator('.cells > *').evaluateAll(found => found.map(one => one.getAttribute('title')));
  return titles.map(title => (title?.startsWith('outside') ? 0 : read(title!)));
};

describe('the row of layers', () => {
  it('leads from the picture to the loss, each drawn from its own values', async () => {
    const names = await lab.page.locator('.strip b').allInnerTexts();
    expect(names).toEqual(['picture', 'conv1', 'pool1', 'conv2', 'pool2', 'logits', 'loss']);
    for (const canvas of await lab.page.locator('.strip canvas').all()) {
      await expect
        .poll(async () => new Set((await pixelsOf(lab.page, canvas)).pixels).size, PATIENT)
        .toBeGreaterThan(8);
    }
  });
});

describe('a value, written out', () => {
  it('of a convolution is the sum of the products that are shown, plus the bias, through ReLU', async () => {
    // At the edge of the picture, where a part of the window lies outside.
    const at = [0, 13, 2];
    await pick('conv1', at);
    const { shape, values } = await valuesOf('conv1');
    const own = values[(at[0]! * shape[2]! + at[1]!) * shape[3]! + at[2]!]!;
    expect(read(await story().locator('.value b').innerText())).toBeCloseTo(own, 3);
    const group = story().locator('.groups > li').first();
    const [inputs, weights, products] = [
      await cells(group, 'values'),
      await cells(group, 'weights'),
      await cells(group, 'products'),
    ];
    expect(inputs).toHaveLength(9);
    expect(inputs.slice(0, 3)).toEqual([0, 0, 0]);
    for (const [i, product] of products.entries()) expect(product).toBeCloseTo(inputs[i]! * weights[i]!, 3);
    const sum = total(products) + (await part(/^bias$/));
    expect(await part(/^sum$/)).toBeCloseTo(sum, 2);
    expect(Math.max(0, sum)).toBeCloseTo(own, 2);
  });

  it('of a convolution over several maps adds them all, the one that adds most first', async () => {
    await pick('conv2', [5, 6, 1]);
    await story().getByRole('button', { name: 'Show all 4' }).click();
    const sums = await numbers(story().locator('.groups .group b'));
    expect(sums).toHaveLength(4);
    const sizes = sums.map(Math.abs);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(await part(/^sum of 36 products$/)).toBeCloseTo(total(sums), 2);
  });

  it('of a pooling layer is the largest of its window', async () => {
    await pick('pool1', [6, 6, 0]);
    const window = await cells(story().locator('.groups > li').first(), 'values');
    expect(window).toHaveLength(4);
    expect(await part(/^largest of 4$/)).toBe(Math.max(...window));
  });

  it('of a dense layer behind maps is the sum over all of them, each with its products where their values lie', async () => {
    await pick('logits', [3]);
    await story().getByRole('button', { name: 'Show all 6' }).click();
    const groups = await story().locator('.groups > li').all();
    expect(groups).toHaveLength(6);
    const sums = await numbers(story().locator('.groups .group b'));
    for (const [i, group] of groups.entries()) {
      const products = await cells(group, 'products');
      expect(products).toHaveLength(49);
      expect(total(products)).toBeCloseTo(sums[i]!, 2);
    }
    const products = await part(/^sum of 294 products$/);
    expect(products).toBeCloseTo(total(sums), 2);
    expect(await part(/^sum$/)).toBeCloseTo(products + (await part(/^bias$/)), 3);
  });

  it('of the loss is softmax, class by class', async () => {
    await stop('loss').click();
    const table = lab.page.getByRole('region', { name: 'Softmax and loss, class by class' });
    await table.waitFor();
    const columns = await table
      .locator('tbody tr')
      .evaluateAll(rows => rows.map(row => Array.from(row.querySelectorAll('td'), cell => cell.textContent!)));
    const found = columns.map(row => row.map(read));
    expect(found).toHaveLength(10);
    const powers = found.map(([logit]) => Math.exp(logit!));
    found.forEach(([, , probability, target, , gradient], k) => {
      expect(probability).toBeCloseTo(powers[k]! / total(powers), 2);
      expect(gradient).toBeCloseTo(probability! - target!, 3);
    });
    expect(total(found.map(([, , , target]) => target!))).toBe(1);
  });
});

describe('what comes back from the loss', () => {
  it('is the sum over all that the value went into', async () => {
    await pick('pool1', [6, 6, 0]);
    const back = story().getByRole('region', { name: /^What comes back from conv2/ });
    const more = story().getByRole('button', { name: /^Show all \d+$/ });
    if (await more.last().isVisible()) await more.last().click();
    const products = await numbers(back.locator('tbody tr td:last-child'));
    // 3 x 3 places of 6 maps.
    expect(products).toHaveLength(54);
    const gradient = read(await story().locator('h3 span').last().innerText());
    expect(total(products)).toBeCloseTo(gradient, 3);
    const engine = await lab.page.evaluate(async () => {
      const { gradient } = await globalThis.weftLab.ask('look.pixel', { station: 'pool1', at: [6, 6, 0] });
      return gradient;
    });
    expect(gradient).toBeCloseTo(engine, 3);
  });

  it('is drawn over the maps when gradients are asked for, and follows the class that the loss asks for', async () => {
    await stop('conv2').click();
    const values = lab.page.getByRole('img', { name: 'Maps of conv2', exact: true });
    const before = await pixelsOf(lab.page, values);
    await lab.page.getByRole('button', { name: 'Gradients', exact: true }).first().click();
    const canvas = lab.page.getByRole('img', { name: 'Gradients of the loss with respect to conv2', exact: true });
    await expect.poll(async () => new Set((await pixelsOf(lab.page, canvas)).pixels).size, PATIENT).toBeGreaterThan(20);
    const first = await pixelsOf(lab.page, canvas);
    expect(first.pixels).not.toEqual(before.pixels);
    await lab.page.getByLabel('loss asks for').selectOption('7');
    await expect.poll(async () => (await pixelsOf(lab.page, canvas)).pixels, PATIENT).not.toEqual(first.pixels);
    await lab.page.getByRole('button', { name: 'Values', exact: true }).first().click();
  });
});

describe('walking', () => {
  it('goes from a value to one that it is made of, and back', async () => {
    await pick('conv2', [5, 6, 1]);
    await story().locator('.groups > li').first().locator('.cells button').nth(4).click();
    await expect.poll(where, PATIENT).toMatch(/pool1\s+map \d, row 5, column 6/);
    await expect.poll(() => stop('pool1').getAttribute('aria-pressed')).toBe('true');
    await story().getByRole('button', { name: '‹ Back' }).click();
    await expect.poll(where, PATIENT).toMatch(/conv2\s+map 1, row 5, column 6/);
    expect(await story().getByRole('button', { name: '‹ Back' }).count()).toBe(0);
  });

  it('by the keyboard: arrows choose the value, Enter goes to its arithmetic', async () => {
    await pick('conv1', [10, 10, 0]);
    await maps('conv1').focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'PageDown']) await lab.page.keyboard.press(key);
    await expect.poll(where, PATIENT).toMatch(/conv1\s+map 1, row 11, column 11/);
    await lab.page.keyboard.press('Enter');
    expect(await story().evaluate(element => element === document.activeElement)).toBe(true);
  });
});

describe('while it trains', () => {
  it('the value that is written out and its map follow', async () => {
    await pick('conv1', [10, 10, 0]);
    const canvas = lab.page.getByRole('img', { name: 'Maps of conv1', exact: true });
    const [value, picture] = [await story().innerText(), await pixelsOf(lab.page, canvas)];
    await run(5);
    await expect.poll(() => story().innerText(), PATIENT).not.toBe(value);
    await expect.poll(async () => (await pixelsOf(lab.page, canvas)).pixels, PATIENT).not.toEqual(picture.pixels);
  });

  it('all layers that compute are measured on many pictures: what fires, what is dead, how far a step moves', async () => {
    const table = lab.page.getByRole('region', { name: 'Table of all layers' });
    await expect.poll(() => table.locator('tbody th').allInnerTexts(), PATIENT).toEqual(['conv1', 'conv2', 'logits']);
    const first = await table.locator('tbody tr').first().locator('td').allInnerTexts();
    expect(first[1]).toMatch(/^\d of 4$/);
    expect(await table.locator('.units').first().locator('i').count()).toBe(4);
  });
});

describe('weights', () => {
  it('are drawn, and what training has added to them', async () => {
    await stop('conv1').click();
    const drawn = async (name: string) => {
      const canvas = lab.page.getByRole('img', { name: new RegExp(`^${name} of conv1.kernel`) });
      await expect
        .poll(async () => new Set((await pixelsOf(lab.page, canvas)).pixels).size, PATIENT)
        .toBeGreaterThan(8);
      return (await pixelsOf(lab.page, canvas)).pixels;
    };
    const weights = await drawn('Weights');
    await lab.page.getByRole('button', { name: 'Change since the start' }).click();
    expect(await drawn('Change since the start')).not.toEqual(weights);
  });
});

describe('a picture of the reader', () => {
  it('is taken as the network knows pictures: grey, small, light on black', async () => {
    const [width, height] = [56, 56];
    // Black on white: a disc.
    const data = Uint8Array.from({ length: width * height }, (_, i) =>
      Math.hypot((i % width) - 27.5, Math.floor(i / width) - 27.5) < 14 ? 0 : 255,
    );
    const buffer = Buffer.from(encode({ width, height, data, channels: 1 }));
    await lab.page.getByLabel('Your own picture').setInputFiles({ name: 'disc.png', mimeType: 'image/png', buffer });
    await lab.page.locator('.told', { hasText: 'disc.png' }).waitFor();
    const { value } = await lab.page.evaluate(() =>
      globalThis.weftLab.ask('look.pixel', { station: '', at: [14, 14, 0] }),
    );
    const corner = await lab.page.evaluate(() => globalThis.weftLab.ask('look.pixel', { station: '', at: [0, 0, 0] }));
    expect(value).toBeGreaterThan(0.9);
    expect(corner.value).toBeLessThan(0.1);
  });
});

describe('the tab', () => {
  it('axe finds no serious fault, in the light, in the dark, and on a phone, where nothing is too wide', async () => {
    await pick('conv2', [5, 6, 1]);
    await expectNoFaults(lab.page);
  });

  it('writes out a dense layer behind a dense one by its largest products, all when they are asked for', async () => {
    await lab.page.setViewportSize({ width: 1280, height: 900 });
    await lab.page.evaluate(async () => {
      const { network } = globalThis.weftLab.state.value.model!;
      const layers = [
        { type: 'flatten', name: 'flatten' },
        { type: 'dense', name: 'hidden', units: 40, activation: 'tanh' },
        { type: 'dense', name: 'logits', units: 10 },
      ];
      const layer = { type: 'sequential', name: '', layers };
      await globalThis.weftLab.ask('model.set', { network: { ...network, config: { ...network.config, layer } } });
    });
    await stop('hidden').waitFor();
    await pick('logits', [3]);
    const rows = story().locator('.terms').first().locator('tbody tr td:last-child');
    const few = await numbers(rows);
    expect(few).toHaveLength(8);
    await story().getByRole('button', { name: 'Show all 40' }).click();
    const all = await numbers(rows);
    expect(all).toHaveLength(40);
    expect(all.slice(0, 8)).toEqual(few);
    expect(await part(/^sum of 40 products$/)).toBeCloseTo(total(all), 3);
    expect(await part(/^sum$/)).toBeCloseTo(total(all) + (await part(/^bias$/)), 3);
  });

  it('logs no error in the page', () => {
    expect(lab.errors).toEqual([]);
  });
});
