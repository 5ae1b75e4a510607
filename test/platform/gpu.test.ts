import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AdapterError } from '../../src/platform/errors.ts';
import { listAdapters, nodePlatform } from '../../src/platform/node.ts';
import { SOFTWARE_NAMES } from '../../src/platform/platform.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a module in a process of its own and says what it printed and how it ended. */
function inProcess(code: string, env: Record<string, string> = {}) {
  const module = new URL('../../src/platform/node.ts', import.meta.url).href;
  const script = `import { nodePlatform } from ${JSON.stringify(module)};\n${code}`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const options = { encoding: 'utf8', cwd: ROOT, env: { ...process.env, ...env }, timeout: 60_000 } as const;
  return spawnSync(process.execPath, args, options);
}

describe('openGpu', () => {
  it('gives an adapter, its globals, and a device that computes nothing without being asked', async () => {
    const source = await nodePlatform.openGpu();
    const adapter = await source.requestAdapter();
    expect(adapter.info.device).not.toBe('');
    expect(GPUBufferUsage.STORAGE).toBe(128);
    source.close();
    await expect(source.requestAdapter()).rejects.toThrow(/the GPU source was closed/);
  });

  it('chooses by a part of the name, and says what there is', async () => {
    const [first] = await listAdapters();
    expect(first).toBeDefined();
    const source = await nodePlatform.openGpu({ adapter: first!.name.slice(0, 6).toUpperCase() });
    expect(await source.requestAdapter()).toBeTruthy();
    source.close();
    const none = nodePlatform.openGpu({ adapter: 'Voodoo 2' });
    await expect(none).rejects.toThrow(AdapterError);
    await expect(none).rejects.toThrow(`no adapter matches 'Voodoo 2'; there is '${first!.name}'`);
  });

  it.runIf(process.platform === 'linux')('names the remedy where there is no driver', () => {
    const code = `
      const source = await nodePlatform.openGpu();
      await source.requestAdapter().catch(error => console.log(error.name + ': ' + error.message));`;
    const { stdout, status } = inProcess(code, { VK_DRIVER_FILES: '/nowhere.json' });
    expect(stdout).toMatch(
      /^AdapterError: no WebGPU adapter found; install a Vulkan driver .* mesa-vulkan-drivers.* \.\/weft doctor /,
    );
    expect(status).toBe(0);
  });
});

it.each([
  ['llvmpipe (LLVM 19.1.7, 256 bits)', true],
  ['SwiftShader Device (Subzero)', true],
  ['softpipe', true],
  ['Microsoft Basic Render Driver', true],
  ['NVIDIA GeForce RTX 4090', false],
  ['Apple M3', false],
])('%s: software %s', (name, software) => {
  expect(SOFTWARE_NAMES.test(name)).toBe(software);
});

describe('a process', () => {
  const open = `
    const source = await nodePlatform.openGpu();
    const device = await (await source.requestAdapter()).requestDevice();
    let pending = true;
    source.rest(() => pending);
    source.rest(() => pending);
    await device.queue.onSubmittedWorkDone();
    pending = false;
    console.log('worked');`;

  it('ends by itself when device and source are closed, at rest or not', () => {
    const { stdout, status, signal } = inProcess(`${open} device.destroy(); source.close();`);
    expect([stdout, status, signal]).toEqual(['worked\n', 0, null]);
  });

  it('is not kept alive by rest when nothing is pending', () => {
    const { status, signal } = inProcess(`const s = await nodePlatform.openGpu(); s.rest(() => false); s.close();`);
    expect([status, signal]).toEqual([0, null]);
  });

  it('sleeps while it waits', () => {
    const code = `
      const source = await nodePlatform.openGpu();
      let pending = true, turns = 0;
      source.rest(() => (turns++, pending));
      await new Promise(resolve => setTimeout(resolve, 300));
      pending = false;
      source.close();
      console.log(turns);`;
    // Without sleep there would be tens of thousands of turns.
    expect(Number(inProcess(code).stdout)).toBeLessThan(400);
  });
});
