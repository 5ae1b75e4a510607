import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { calibration, chanceCalibrationError, fitTemperature } from '../../src/study/calibration.ts';
import { judge } from '../../src/train/evaluate.ts';

const CLASSES = 4;
const N = 20_000;

/** Logits, and labels drawn from the very probabilities that the logits say. */
function honest(seed: number, n = N) {
  const random = new Sampler(seed);
  const logits = Float32Array.from({ length: n * CLASSES }, () => 1.5 * random.normal());
  const { probabilities } = judge(logits, new Uint8Array(n), CLASSES);
  const labels = Uint8Array.from({ length: n }, (_, i) => {
    let u = random.uniform();
    let c = 0;
    while (c < CLASSES - 1 && (u -= probabilities[i * CLASSES + c]!) > 0) c++;
    return c;
  });
  return { logits, labels };
}

describe('calibration', () => {
  const { logits, labels } = honest(1);

  it('finds no fault with labels drawn from the probabilities themselves', () => {
    const found = calibration(logits, labels, CLASSES);
    expect(found.ece).toBeLessThan(0.015);
    for (const { count, confidence, accuracy } of found.bins) {
      if (count > 500) expect(Math.abs(confidence - accuracy)).toBeLessThan(0.07);
    }
    expect(found.bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(N);
    expect(fitTemperature(logits, labels, CLASSES)).toBeCloseTo(1, 1);
  });

  it('agrees with the evaluation about loss and accuracy', () => {
    const judged = judge(logits, labels, CLASSES);
    const found = calibration(logits, labels, CLASSES);
    expect(found.nll).toBeCloseTo(judged.loss, 6);
    const right = found.bins.reduce((sum, { count, accuracy }) => sum + count * accuracy, 0);
    expect(right / N).toBeCloseTo(judged.accuracy, 12);
  });

  it('undoes what made the answers too sure: logits times c need c times the temperature', () => {
    const fitted = fitTemperature(logits, labels, CLASSES);
    for (const factor of [0.25, 3]) {
      const scaled = logits.map(z => factor * z);
      const t = fitTemperature(scaled, labels, CLASSES);
      expect(t / fitted).toBeCloseTo(factor, 3);
      const [before, after] = [calibration(scaled, labels, CLASSES), calibration(scaled, labels, CLASSES, t)];
      expect(after.ece).toBeLessThan(before.ece / 4);
      expect(after.nll).toBeLessThan(before.nll);
      expect(after.nll).toBeCloseTo(calibration(logits, labels, CLASSES, fitted).nll, 5);
    }
  });

  it('no other temperature gives the fitted images a smaller loss', () => {
    const few = honest(2, 300);
    const t = fitTemperature(few.logits, few.labels, CLASSES);
    const at = (temperature: number) => calibration(few.logits, few.labels, CLASSES, temperature).nll;
    for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2]) expect(at(t)).toBeLessThan(at(t * factor));
  });

  it('says what error chance alone makes: that of honest answers, and the more the fewer images', () => {
    const few = honest(4, 400);
    const chance = chanceCalibrationError(few.logits, CLASSES);
    let own = 0;
    for (let seed = 0; seed < 10; seed++) {
      const { logits, labels } = honest(20 + seed, 400);
      own += calibration(logits, labels, CLASSES).ece / 10;
    }
    expect(chance / own).toBeGreaterThan(0.7);
    expect(chance / own).toBeLessThan(1.4);
    expect(chanceCalibrationError(logits, CLASSES, { draws: 2 })).toBeLessThan(chance / 3);
    expect(chanceCalibrationError(few.logits, CLASSES)).toBe(chance);
  });

  it('gives the numbers of an example by hand', () => {
    // Two classes, p = 0.8 twice: once right, once wrong; and p = 0.5, right as the first of equals.
    const z = Math.log(4);
    const found = calibration(new Float32Array([z, 0, z, 0, 0, 0]), new Uint8Array([0, 1, 0]), 2);
    expect(found.ece).toBeCloseTo((2 * 0.3 + 0.5) / 3, 6);
    expect(found.brier).toBeCloseTo((2 * 0.04 + 2 * 0.64 + 0.5) / 3, 6);
    expect(found.nll).toBeCloseTo(-(Math.log(0.8) + Math.log(0.2) + Math.log(0.5)) / 3, 6);
    expect(found.confidence).toBeCloseTo(0.7, 6);
  });

  it('stays finite with logits that no exponential holds, and where no error asks for a limit', () => {
    const sure = new Float32Array([1000, -1000, -1000, 1000]);
    const found = calibration(sure, new Uint8Array([0, 0]), 2);
    expect(found.nll).toBeCloseTo(1000, 6);
    expect(fitTemperature(sure, new Uint8Array([0, 1]), 2)).toBeCloseTo(0.01, 6);
    expect(() => calibration(sure, new Uint8Array(3), 2)).toThrow(/4 logits for 3 images/);
    expect(() => fitTemperature(new Float32Array(), new Uint8Array(), 2)).toThrow(/0 images/);
  });
});
