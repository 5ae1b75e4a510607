import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedSite, serveSite } from '../../src/cli/lab/serve.ts';
import { makeSite } from '../../src/cli/lab/site.ts';
import { makeImageData } from '../../src/data/dataset.ts';
import { unpackPictures } from '../../src/data/packed.ts';
import { nodeFiles } from '../../src/platform/node.ts';
import { RunFolder } from '../../src/train/run-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-lab-'));
let served: ServedSite;

beforeAll(async () => {
  const run = new RunFolder(nodeFiles, folder);
  await nodeFiles.write(run.at('config.json'), '{"model":{"name":"toy"},"training":{}}');
  await nodeFiles.write(run.at('metrics.jsonl'), '');
  const part = async (count: number) =>
    await makeImageData({
      images: new Uint8Array(count * 16),
      shape: [count, 4, 4],
      labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
      ...{ name: 'toy', where: 'toy' },
    });
  const data = { name: 'toy', where: 'toy', train: await part(24), test: await part(4) };
  served = await serveSite(await makeSite(data, run), 0);
});
afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const fetchFrom = async (path: string) => await fetch(served.address + path);

describe('the lab’s server', () => {
  it('gives the page, its scripts and its style', async () => {
    const page = await fetchFrom('');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    for (const [name, type] of [
      ['page.js', 'text/javascript'],
      ['page.css', 'text/css'],
    ] as const) {
      expect(html).toContain(name);
      const file = await fetchFrom(name);
      expect([file.status, file.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
    }
    expect((await fetchFrom('worker.js')).status).toBe(200);
  });

  it('gives the pictures, those held back behind those to learn from', async () => {
    const bytes = new Uint8Array(await (await fetchFrom('data/pictures.safetensors.gz')).arrayBuffer());
    const { data, split } = await unpackPictures(bytes, 'pictures');
    expect([data.count, split.train.length, split.validation.length]).toEqual([24, 22, 2]);
  });

  it('gives the files of the run it was started with, as they are now', async () => {
    expect(await (await fetchFrom('site.json')).json()).toMatchObject({ run: folder });
    expect(await (await fetchFrom('run/metrics.jsonl')).text()).toBe('');
    await nodeFiles.write(join(folder, 'metrics.jsonl'), '{"epoch":1}\n');
    expect(await (await fetchFrom('run/metrics.jsonl')).text()).toBe('{"epoch":1}\n');
    expect((await fetchFrom('run/model.safetensors')).status).toBe(404);
  });

  it('gives nothing else, and nothing to who calls it by another name', async () => {
    expect((await fetchFrom('../package.json')).status).toBe(404);
    expect((await fetchFrom('run/../config.json')).status).toBe(404);
    const status = await new Promise(resolve => {
      get(served.address, { headers: { host: 'elsewhere.example' } }, ({ statusCode }) => resolve(statusCode));
    });
    expect(status).toBe(404);
  });

  it('says that a port is taken', async () => {
    const port = Number(new URL(served.address).port);
    await expect(serveSite(new Map(), port)).rejects.toThrow(`port ${port}: cannot serve there (EADDRINUSE)`);
  });
});
