import { expect, it } from 'vitest';
import { writeSafetensors } from '../../src/io/safetensors.ts';
import { judge } from '../../src/train/evaluate.ts';
import { encodeOutputs, readOutputs } from '../../src/train/outputs.ts';

const test = judge(new Float32Array([1, 2, -3, 0.5, 0, 7]), new Uint8Array([1, 0]), 3);
const validation = judge(new Float32Array([3, 2, 1]), new Uint8Array([2]), 3);

it('keeps the logits to the bit, with or without validation', () => {
  expect(readOutputs(encodeOutputs(test, validation), 'x')).toEqual({
    test: { logits: test.logits, labels: test.labels, classes: 3 },
    validation: { logits: validation.logits, labels: validation.labels, classes: 3 },
  });
  expect(readOutputs(encodeOutputs(test), 'x').validation).toBeUndefined();
});

it('refuses what is damaged or something else', () => {
  expect(() => readOutputs(encodeOutputs(test).subarray(0, 60), 'x')).toThrow(/^x: /);
  expect(() => readOutputs(writeSafetensors({ a: { shape: [1], data: new Float32Array(1) } }), 'x')).toThrow(
    /x: holds no outputs of a run/,
  );
  const other = writeSafetensors(
    {
      'test.logits': { shape: [2, 3], data: test.logits },
      'test.labels': { shape: [1], data: new Uint8Array(1) },
    },
    { format: 'weft outputs 1' },
  );
  expect(() => readOutputs(other, 'x')).toThrow(/holds no outputs/);
});
