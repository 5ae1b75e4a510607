import { ValueError } from '../platform/errors.ts';

// Formulas of a kernel's header, such as `ceil(n*oh*ow*cout / 64)`: numbers, names, arithmetic, comparisons. No code is
// ever run: the text is parsed by precedence climbing and computed as it is read.

const BINARY: Record<string, { level: number; of: (a: number, b: number) => number }> = {
  '||': { level: 1, of: (a, b) => Number(a !== 0 || b !== 0) },
  '&&': { level: 2, of: (a, b) => Number(a !== 0 && b !== 0) },
  '==': { level: 3, of: (a, b) => Number(a === b) },
  '!=': { level: 3, of: (a, b) => Number(a !== b) },
  '<': { level: 4, of: (a, b) => Number(a < b) },
  '<=': { level: 4, of: (a, b) => Number(a <= b) },
  '>': { level: 4, of: (a, b) => Number(a > b) },
  '>=': { level: 4, of: (a, b) => Number(a >= b) },
  '+': { level: 5, of: (a, b) => a + b },
  '-': { level: 5, of: (a, b) => a - b },
  '*': { level: 6, of: (a, b) => a * b },
  '/': { level: 6, of: (a, b) => a / b },
  '%': { level: 6, of: (a, b) => a % b },
};

const FUNCTIONS: Record<string, { arity: number; of: (...values: number[]) => number }> = {
  ceil: { arity: 1, of: Math.ceil },
  floor: { arity: 1, of: Math.floor },
  min: { arity: 2, of: Math.min },
  max: { arity: 2, of: Math.max },
};

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(\|\||&&|[=!<>]=|[-+*/%<>(),]))/y;

/** Deep enough for any formula, and far from the end of the stack. */
const MAX_DEPTH = 100;

/**
 * The values of formulas with commas between, for these names. Division is exact: write ceil(...) where a part counts as
 * a whole.
 * @throws ValueError naming the formula, what is wrong with it and the names there are.
 */
export function evaluate(text: string, names: Readonly<Record<string, number>>): number[] {
  const reader = new FormulaReader(text, names);
  const values = [reader.expression(0)];
  while (reader.take(',')) values.push(reader.expression(0));
  reader.end();
  return values;
}

class FormulaReader {
  private readonly tokens: string[] = [];
  private at = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly names: Readonly<Record<string, number>>,
  ) {
    TOKEN.lastIndex = 0;
    const source = text.trimEnd();
    while (TOKEN.lastIndex < source.length) {
      const start = TOKEN.lastIndex;
      const match = TOKEN.exec(source);
      if (!match) this.fail(`'${source.slice(start).trim().slice(0, 10)}' is neither number, name nor operator`);
      this.tokens.push(match[1] ?? match[2] ?? match[3]!);
    }
  }

  take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }

  end(): void {
    if (this.at < this.tokens.length) this.fail(`'${this.tokens[this.at]}' is not expected there`);
  }

  /** What binds tighter than `level`. */
  expression(level: number): number {
    if (++this.depth > MAX_DEPTH) this.fail('it is nested too deeply');
    let left = this.operand();
    for (;;) {
      const operator = BINARY[this.tokens[this.at] ?? ''];
      if (!operator || operator.level <= level) break;
      this.at++;
      left = operator.of(left, this.expression(operator.level));
    }
    this.depth--;
    return left;
  }

  private operand(): number {
    const token = this.tokens[this.at++];
    if (token === undefined) return this.fail('it ends too early');
    if (token === '-') return -this.expression(6);
    if (token === '(') {
      const value = this.expression(0);
      if (!this.take(')')) this.fail("a ')' is missing");
      return value;
    }
    if (/^\d/.test(token)) return Number(token);
    if (!/^\w/.test(token)) return this.fail(`'${token}' is not expected there`);
    if (this.take('(')) return this.call(token);
    if (Object.hasOwn(this.names, token)) return this.names[token]!;
    return this.fail(`there is no '${token}'; there are ${Object.keys(this.names).join(', ')}`);
  }

  private call(name: string): number {
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!known) return this.fail(`there is no function '${name}'; there are ${Object.keys(FUNCTIONS).join(', ')}`);
    const values = [this.expression(0)];
    while (this.take(',')) values.push(this.expression(0));
    if (!this.take(')')) this.fail("a ')' is missing");
    if (values.length !== known.arity) this.fail(`${name} takes ${known.arity} values, not ${values.length}`);
    return known.of(...values);
  }

  private fail(what: string): never {
    throw new ValueError(`formula '${this.text.trim()}': ${what}`);
  }
}
