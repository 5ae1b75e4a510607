import { describe, expect, it } from 'vitest';
import { ProgressBar, withValidation } from '../../src/cli/progress.ts';

const moment = {
  epoch: 2,
  epochs: 10,
  step: 50,
  stepsPerEpoch: 100,
  loss: 0.51234,
  accuracy: 0.8125,
  imagesPerSecond: 4321.6,
  secondsLeft: 75,
};
const finished = { epoch: 2, loss: 0.5, accuracy: 0.8, seconds: 12, imagesPerSecond: 4000 };

function stream(isTTY: boolean, columns = 200) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

describe('the time that is left', () => {
  it('holds the validations to come, as long as the latest one', () => {
    // 40,000 images at 4,000 a second are 10 of the 12 seconds; nine epochs are not finished.
    expect(withValidation(moment, finished, 40_000)).toEqual({ ...moment, secondsLeft: 75 + 9 * 2 });
    expect(withValidation(moment, undefined, 40_000)).toEqual(moment);
  });
});

describe('progress of a run', () => {
  it('draws a bar in place on a terminal', () => {
    const out = stream(true);
    new ProgressBar(out).step(moment);
    const bar = '█'.repeat(12) + '░'.repeat(12);
    expect(out.written.join('')).toBe(
      `\r\x1b[Kepoch 2/10 ${bar} 50/100  4322 images/s  loss 0.5123  accuracy 81.3 %  1 min 15 s left`,
    );
  });

  it('never wraps', () => {
    const out = stream(true, 40);
    new ProgressBar(out).step(moment);
    expect(out.written.join('').replace('\r\x1b[K', '')).toHaveLength(39);
  });

  it('writes plain lines, and few, without a terminal', () => {
    const out = stream(false);
    const bar = new ProgressBar(out);
    for (let i = 0; i < 50; i++) bar.step(moment);
    expect(out.written).toHaveLength(1);
    expect(out.written[0]).not.toContain('\x1b');
    expect(out.written[0]).toMatch(/\n$/);
  });

  it('leaves one line for an epoch, with validation where there is one', () => {
    const out = stream(true);
    const bar = new ProgressBar(out);
    bar.step(moment);
    bar.epoch(finished, 10);
    bar.epoch({ ...finished, valLoss: 0.4, valAccuracy: 0.9 }, 10);
    const lines = out.written.slice(1).join('').split('\n');
    expect(lines[0]).toBe('\r\x1b[Kepoch 2/10  loss 0.5000  accuracy 80.00 %  12 s  4000 images/s');
    expect(lines[1]).toContain('val loss 0.4000  val accuracy 90.00 %');
  });
});
