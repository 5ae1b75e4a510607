import { describe, expect, it } from 'vitest';
import { emptyDrawing, stroke } from '../../lab/page/tabs/explain/pad.ts';
import { toInput } from '../../lab/page/tabs/explain/upload.ts';
import { Jobs } from '../../lab/worker/jobs.ts';
import { Recent } from '../../lab/worker/recent.ts';

describe('drawing by hand', () => {
  const light = (values: Float32Array) => [...values.keys()].filter(i => values[i] === 1);

  it('paints a line as thick as the brush, soft at its edge, and nothing elsewhere', () => {
    const drawing = emptyDrawing(9, 12);
    stroke(drawing, { x: 3, y: 4.5 }, { x: 9, y: 4.5 }, 1);
    const column = Array.from({ length: 9 }, (_, y) => drawing.values[12 * y + 6]!);
    expect(column).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0]);
    expect(drawing.values[12 * 4 + 11]).toBe(0);
    const corner = drawing.values[12 * 3 + 1]!;
    expect(corner).toBeGreaterThan(0);
    expect(corner).toBeLessThan(1);
  });

  it('leaves a picture as it is where a stroke goes over it again, and beyond its edges', () => {
    const once = emptyDrawing(6, 6);
    stroke(once, { x: 3, y: 3 }, { x: 40, y: 3 }, 1);
    const twice = { ...once, values: once.values.slice() };
    stroke(twice, { x: 3, y: 3 }, { x: 40, y: 3 }, 1);
    expect(twice.values).toEqual(once.values);
  });

  it('takes away what was painted', () => {
    const drawing = emptyDrawing(8, 8);
    stroke(drawing, { x: 1, y: 4 }, { x: 7, y: 4 }, 1);
    const before = light(drawing.values).length;
    stroke(drawing, { x: 1, y: 4 }, { x: 3, y: 4 }, 0);
    expect(light(drawing.values).length).toBeLessThan(before);
    expect(light(drawing.values).length).toBeGreaterThan(0);
    stroke(drawing, { x: 1, y: 4 }, { x: 7, y: 4 }, 0);
    expect(light(drawing.values)).toEqual([]);
  });
});

describe('an uploaded picture', () => {
  const grey = { width: 2, height: 2, data: Float64Array.of(255, 0, 255, 255) };
  const upload = { name: 'a.png', width: 2, height: 2, grey, bright: true };

  it('becomes values from 0 to 1, black for white where that is wanted', () => {
    expect([...toInput(upload, false, [2, 2, 1])]).toEqual([1, 0, 1, 1]);
    expect([...toInput(upload, true, [2, 2, 1])]).toEqual([0, 1, 0, 0]);
  });

  it('is grey in all channels of a network for colours', () => {
    expect([...toInput(upload, false, [2, 2, 3])]).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });
});

describe('what the worker keeps', () => {
  it('is so much at most; what was used longest ago gives way', () => {
    const recent = new Recent<number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    expect(recent.get('a')).toBe(1);
    recent.set('c', 3);
    expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([1, undefined, 3]);
  });

  it('has one job of a name: a newer one stops the older, and others go on', () => {
    const jobs = new Jobs();
    const [first, other] = [jobs.start('explain'), jobs.start('mistakes')];
    const second = jobs.start('explain');
    expect([first.aborted, second.aborted, other.aborted]).toEqual([true, false, false]);
    jobs.stop('explain');
    expect([second.aborted, other.aborted]).toEqual([true, false]);
  });
});
