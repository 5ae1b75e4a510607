import process from 'node:process';

/** A line for people, on stderr: progress, warnings, explanations. Never part of a result. */
export function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A line of the result, on stdout. Not to be used under --json. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The one JSON document that a command prints under --json. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A plain-text table: columns padded to their widest cell, two spaces apart. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(column => column.title), ...rows];
  const widths = columns.map((_, i) => Math.max(...cells.map(row => (row[i] ?? '').length)));
  const line = (row: readonly string[]) =>
    columns
      .map((column, i) => {
        const cell = row[i] ?? '';
        return column.align === 'right' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!);
      })
      .join('  ')
      .trimEnd();
  return [line(cells[0]!), widths.map(width => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** Name and value in two columns, without a heading. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}

/** 134217728 -> '128 MiB'; three significant digits, whole where it is. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toPrecision(3)} ${units[unit]}`;
}
