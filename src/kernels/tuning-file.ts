import { FileError } from '../platform/errors.ts';
import { hashText } from './hash.ts';
import type { TunedRow } from './tuned-table.ts';

/** What was measured of one call, as a user's file keeps it. */
export interface TuningRow extends TunedRow {
  readonly fingerprint: string;
  /** Median of each variant that was timed. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

export type TuningRows = Readonly<Record<string, TuningRow>>;

const FORMAT = 'weft tuning ';
const VERSION = 1;
/** No honest file is larger: a row takes some 200 bytes. */
const MAX_BYTES = 16 << 20;

/** Measurements of one target (`targetKey`) as a file. */
export function encodeTuning(target: string, rows: TuningRows): string {
  const sorted = Object.fromEntries(Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1)));
  const file = { format: `${FORMAT}${VERSION}`, target, checksum: checksum(target, sorted), rows: sorted };
  return `${JSON.stringify(file, null, 1)}\n`;
}

/** @throws FileError saying what is wrong with it: of another version or target, truncated, altered. */
export function decodeTuning(bytes: Uint8Array, target: string, where: string): TuningRows {
  const fail = (what: string, cause?: unknown): never => {
    throw new FileError(`${where}: ${what}`, { cause });
  };
  if (bytes.length > MAX_BYTES) fail(`${bytes.length} bytes are more than measurements take`);
  let file: Partial<Record<'format' | 'target' | 'checksum' | 'rows', unknown>> = {};
  try {
    file = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) ?? {};
  } catch (cause) {
    fail('damaged: not JSON', cause);
  }
  const { format, rows } = file;
  if (typeof format !== 'string' || !format.startsWith(FORMAT)) return fail('holds something else');
  if (format !== `${FORMAT}${VERSION}`) return fail(`made by another version of weft ('${format}')`);
  if (file.target !== target) return fail('measured on another adapter, or with another driver');
  if (!isRows(rows) || file.checksum !== checksum(target, rows)) return fail('damaged: its checksum does not match');
  return rows;
}

const checksum = (target: string, rows: TuningRows) => hashText(JSON.stringify([target, rows]));

function isRows(rows: unknown): rows is TuningRows {
  return isRecord(rows) && Object.values(rows).every(isRow);
}

function isRow(row: unknown): row is TuningRow {
  if (!isRecord(row) || !isRecord(row.milliseconds)) return false;
  const times = Object.values(row.milliseconds);
  return typeof row.variant === 'string' && typeof row.fingerprint === 'string' && times.every(Number.isFinite);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
