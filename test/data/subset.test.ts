import { expect, it } from 'vitest';
import { subset } from '../../src/data/subset.ts';

const labels = Uint8Array.from({ length: 400 }, (_, i) => (i % 8 === 0 ? 1 : 0));
const examples = Uint32Array.from({ length: 200 }, (_, i) => 2 * i);

it('draws examples of each class in proportion, sorted, each once, the same each time', () => {
  const chosen = subset(examples, labels, 60);
  expect(chosen).toHaveLength(60);
  expect(new Set(chosen).size).toBe(60);
  expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b));
  expect(chosen.every(example => example % 2 === 0 && example < 400)).toBe(true);
  // A quarter of the even ones are of class 1.
  expect(chosen.filter(example => labels[example] === 1)).toHaveLength(15);
  expect(subset(examples, labels, 60)).toEqual(chosen);
});

it('gives all without a limit or with one too large', () => {
  expect(subset(examples, labels)).toBe(examples);
  expect(subset(examples, labels, 200)).toBe(examples);
  expect(subset(examples, labels, 1e6)).toBe(examples);
});
