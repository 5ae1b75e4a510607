import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMethod } from '../../src/study/index.ts';
import { toyFolder } from './toy.ts';

const toy = toyFolder();
const explain = (run: string, ...args: string[]) => toy.weft('explain', run, '--data', 'toy', ...args);
const at = (...parts: string[]) => join(toy.folder, ...parts);

beforeAll(() => {
  for (const model of ['cnn', 'mlp']) {
    const { status, stderr } = toy.weft('train', model, '--data', 'toy', '--epochs', '1', '--out', `runs/${model}`);
    expect(status, stderr).toBe(0);
  }
});
afterAll(() => toy.remove());

describe('weft explain', () => {
  it('writes a page that needs nothing else, and a picture of each map', () => {
    const { status, stdout, stderr } = explain(
      'runs/cnn',
      '--image',
      '4',
      '--out',
      'why',
      '--methods',
      'saliency,grad-cam',
      '--json',
    );
    expect(status, stderr).toBe(0);
    const files = ['grad-cam-control.png', 'grad-cam-grid.png', 'grad-cam.png', 'image.png', 'index.html'];
    expect(readdirSync(at('why')).sort()).toEqual([...files, 'saliency-control.png', 'saliency.png']);
    const picture = decode(readFileSync(at('why/saliency.png')));
    expect([picture.width, picture.height, picture.channels]).toEqual([288, 288, 3]);

    const page = readFileSync(at('why/index.html'), 'utf8');
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    expect(page).toContain('prefers-color-scheme: dark');
    for (const name of ['saliency', 'grad-cam']) {
      expect(page).toContain(findMethod(name).limits);
      expect(page).toContain(findMethod(name).shows);
    }
    // Test image 4 is of class 1, whose name has to be made safe.
    expect(page).toContain('It shows: &#60;middle&#62; &#38; co.');

    const report = JSON.parse(stdout);
    expect(report.files.sort()).toEqual(readdirSync(at('why')).sort());
    expect(report.methods.map(({ name }: { name: string }) => name)).toEqual(['saliency', 'grad-cam']);
    const [saliency, cam] = report.methods;
    expect([saliency.map.shape, cam.native.shape, cam.layer]).toEqual([[12, 12], [3, 3], 'conv3']);
    expect(saliency.map.values).toHaveLength(144);
    // Five layers that learn; the first entry is the trained network.
    expect(cam.randomisation.map(({ layers }: { layers: string[] }) => layers.join())).toEqual([
      ...['', 'logits', 'dense1', 'conv3', 'conv2', 'conv1'],
    ]);
    expect(report.controls.foreground).toBeGreaterThan(0);
    const { probabilities } = report.controls.random.deletion;
    expect(probabilities[0]).toBeCloseTo(report.target.probability, 4);
  });

  it('explains a PNG, by another class and layer', () => {
    writeFileSync(at('drawn.png'), encode({ width: 6, height: 6, channels: 1, data: new Uint8Array(36).fill(90) }));
    const options = ['--class', 'right', '--layer', 'conv2', '--methods', 'grad-cam', '--json'];
    const { status, stdout, stderr } = explain('runs/cnn', '--image', 'drawn.png', '--out', 'drawn', ...options);
    expect(status, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect([report.target.class, report.imageName, report.label]).toEqual(['right', 'drawn.png', undefined]);
    expect(report.methods[0].native.shape).toEqual([6, 6]);
  });

  it('leaves out what needs convolutions for an MLP, and says why', () => {
    const { status, stdout, stderr } = explain(
      'runs/mlp',
      '--image',
      '0',
      '--out',
      'mlp',
      '--methods',
      'occlusion,grad-cam',
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("left out: Grad-CAM: Grad-CAM adds up the maps of a convolution, and 'mlp' has none");
    expect(readFileSync(at('mlp/index.html'), 'utf8')).toContain('Left out');
    const none = explain('runs/mlp', '--image', '0', '--out', 'none', '--methods', 'grad-cam');
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('adds up the maps of a convolution')]);
  });

  it('takes a file of weights, with the name of their network', () => {
    const options = ['--image', '0', '--out', 'file', '--methods', 'saliency', '--json'];
    const { status, stdout, stderr } = explain('runs/mlp/model.safetensors', '--model', 'mlp', ...options);
    expect(status, stderr).toBe(0);
    const ofRun = JSON.parse(explain('runs/mlp', ...options).stdout);
    expect(JSON.parse(stdout).methods).toEqual(ofRun.methods);
    const untold = explain('runs/mlp/model.safetensors', ...options);
    expect([untold.status, untold.stderr]).toEqual([2, expect.stringContaining('name it with --model')]);
  });

  it('tells wrong usage', () => {
    const wrong = (...args: string[]) => explain('runs/mlp', '--image', '0', '--out', 'x', ...args);
    expect(wrong('--class', 'hat').stderr).toContain('there are left, <middle> & co, right, or 0 to 2');
    expect(wrong('--layer', 'dense1').stderr).toContain('--layer dense1: it gives no maps; no layer does');
    expect(wrong('--methods', 'lime').status).toBe(2);
    const { status, stderr } = explain('runs/mlp', '--image', '60', '--out', 'x');
    expect([status, stderr]).toEqual([2, expect.stringContaining('has the images 0 to 59')]);
  });
});
