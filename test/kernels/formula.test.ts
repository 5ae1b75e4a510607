import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/kernels/formula.ts';

const names = { n: 3, oh: 5, cout: 64, TILE: 8 };

describe('formulas of a kernel', () => {
  it.each([
    ['n*oh*cout', [960]],
    ['ceil(n*oh*cout / 64), 1', [15, 1]],
    ['ceil(oh / TILE), floor(oh / 2), max(n, oh) - min(n, oh)', [1, 2, 2]],
    ['2 + 3 * 4 - 10 / 5 % 2', [14]],
    ['10 - 4 - 3', [3]],
    ['-n * -(oh + 1)', [18]],
    ['oh % 4 == 1 && n != 2 || cout < 1', [1]],
    ['n >= 4 || oh <= 5 && 2 > 1', [1]],
    ['1.5 * 2', [3]],
  ] as const)('%s', (text, values) => {
    expect(evaluate(text, names)).toEqual(values);
  });

  it.each([
    ['', 'it ends too early'],
    ['n +', 'it ends too early'],
    ['(n', "a ')' is missing"],
    ['n oh', "'oh' is not expected there"],
    ['n; process.exit()', "';"],
    ['width', "there is no 'width'; there are n, oh, cout, TILE"],
    ['constructor', "there is no 'constructor'"],
    ['toString(1)', "there is no function 'toString'"],
    ['ceil(1, 2)', 'ceil takes 1 values, not 2'],
    ['('.repeat(5000), 'nested too deeply'],
  ])('refuses %s', (text, message) => {
    expect(() => evaluate(text, names)).toThrow(message);
  });
});
