import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES } from '../../src/gpu/capabilities.ts';
import { callShape } from '../../src/kernels/call-shape.ts';
import { conv2dKernel } from '../../src/kernels/conv2d.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { describeParams, type KernelSpec } from '../../src/kernels/spec.ts';

const find = (name: string) => kernels.find(kernel => kernel.name === name)!;
const conv2d = conv2dKernel as unknown as KernelSpec;

describe('the shape of a call', () => {
  it.each(kernels.map(spec => [spec.name, spec] as const))('%s has one without being told', (_, spec) => {
    const p = callShape(spec);
    expect(Object.keys(p).sort()).toEqual(Object.keys(callShape(spec, describeParams(p))).sort());
    // Whoever says all of it gets just that.
    expect(callShape(spec, describeParams(p))).toEqual(p);
    expect(spec.variants[0]!.plan(p, BARE_CAPABILITIES).dispatches.length).toBeGreaterThan(0);
  });

  it('works out what follows: padding, rows of the result', () => {
    const same = callShape(conv2d, 'n=2 h=9, w=8 cin=3 cout=5 k=3 stride=2');
    expect(same).toMatchObject({ n: 2, kh: 3, kw: 3, strideH: 2, oh: 5, ow: 4, padTop: 1, padLeft: 0, dilationH: 1 });
    expect(callShape(conv2d, 'h=9 w=8 kh=3 kw=2 padding=valid')).toMatchObject({ oh: 7, ow: 7, padTop: 0, padLeft: 0 });
    expect(callShape(conv2d, 'h=9 w=9 k=3 oh=9 ow=9 padTop=2 padLeft=2')).toMatchObject({ oh: 9, padTop: 2 });
    expect(callShape(find('max_pool2d'), 'h=9 w=9 k=3')).toMatchObject({ strideH: 3, oh: 3, ow: 3, padTop: 0 });
    expect(callShape(find('batch_norm'), 'rows=6')).toMatchObject({ rows: 6, total: 6 });
  });

  it.each([
    ['conv2d', 'n=2 depth=3', "it has no parameter 'depth'; it has n, h, w, cin, oh"],
    ['conv2d', 'n', "'n' is not of the form name=number"],
    ['conv2d', 'n=two', 'n=two: it must be a number'],
    ['conv2d', 'n=1.5', 'n=1.5: it must be a whole number'],
    ['conv2d', 'n=0', "'x' would be [0, 28, 28, 32]; every size must be a whole number from 1"],
    ['conv2d', 'k=3 kh=5', 'kh is given twice, 3 and 5'],
    ['conv2d', 'padding=full', 'padding=full: it must be same or valid'],
    ['conv2d', 'h=28 k=3 oh=28 padding=valid', 'oh=28 contradicts padding=valid, from which oh=26 follows'],
    ['conv2d', 'h=2 w=2 k=3 padding=valid', 'a window of 3x3 does not fit into 2x2'],
    ['conv2d', 'stride=0', ''],
    ['matmul', 'm=3 padding=same', "it has no parameter 'padding'"],
    ['binary', 's0=4', 'its parameters depend on one another; give all of them or none'],
  ])('%s %s is refused', (name, text, message) => {
    expect(() => callShape(find(name), text)).toThrow(message ? `kernel '${name}': ${message}` : `kernel '${name}'`);
  });
});
