import { inflateSync } from 'fflate';
import { FileError } from '../platform/errors.ts';
import { crc32 } from './crc32.ts';

export interface ZipOptions {
  /** Most bytes that all wanted files together may unpack to. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Whether a file is wanted; others are not even unpacked. Default: all. */
  readonly wants?: (name: string) => boolean;
}

interface Entry {
  name: string;
  method: number;
  crc: number;
  packed: number;
  unpacked: number;
  header: number;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
/** Deflate makes at most 258 bytes of 2 bits. */
const MOST_OF_A_BYTE = 1032;

/**
 * Unpacks a zip file. Every length is checked against the file, every entry against its checksum; `where` starts every
 * error message.
 */
export function readZip(bytes: Uint8Array, where: string, options: ZipOptions = {}): Map<string, Uint8Array> {
  const { maxBytes = 2 ** 31, wants = () => true } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map<string, Uint8Array>();
  let total = 0;
  for (const entry of readDirectory(view, bytes, where)) {
    if (!wants(entry.name)) continue;
    total += entry.unpacked;
    if (total > maxBytes) {
      throw new FileError(`${where}: its files unpack to more than ${maxBytes} bytes; weft takes no file of that size`);
    }
    files.set(entry.name, unpack(view, bytes, entry, where));
  }
  return files;
}

/** The list at the end of the file. It alone is believed: local headers may lack sizes. */
function readDirectory(view: DataView, bytes: Uint8Array, where: string): Entry[] {
  let end = bytes.length - 22;
  // A comment of up to 64 KiB may follow the end record.
  const lowest = Math.max(0, end - 0xffff);
  while (end >= lowest && view.getUint32(end, true) !== END) end--;
  if (end < lowest) throw new FileError(`${where}: not a zip file or truncated (no end record); get a fresh copy`);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) throw new FileError(`${where}: larger than 4 GiB; save smaller arrays`);
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) {
      throw new FileError(`${where}: damaged zip directory at byte ${at}; get a fresh copy`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw new FileError(`${where}: damaged zip directory at byte ${at}; get a fresh copy`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (view.getUint16(at + 8, true) & 1) throw new FileError(`${where} (${name}): is encrypted; save it without`);
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      unpacked: view.getUint32(at + 24, true),
      header: view.getUint32(at + 42, true),
    });
    at = next;
  }
  return entries;
}

function unpack(view: DataView, bytes: Uint8Array, entry: Entry, where: string): Uint8Array {
  const name = `${where} (${entry.name})`;
  const { header, packed, unpacked } = entry;
  if (header + 30 > bytes.length || view.getUint32(header, true) !== LOCAL) {
    throw new FileError(`${name}: damaged zip entry at byte ${header}; get a fresh copy`);
  }
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (start + packed > bytes.length) {
    throw new FileError(`${name}: truncated: ends at byte ${start + packed} of ${bytes.length}; get a fresh copy`);
  }
  const raw = bytes.subarray(start, start + packed);
  let data: Uint8Array;
  // Memory for what is promised is taken beforehand.
  if (unpacked > packed * MOST_OF_A_BYTE) {
    throw new FileError(`${name}: ${packed} bytes cannot unpack to ${unpacked}; the file is damaged, get a fresh copy`);
  }
  if (entry.method === STORED) {
    data = raw;
  } else if (entry.method === DEFLATED) {
    try {
      // One byte more than promised: a longer stream fills it and is found out, yet never takes more memory than that.
      data = inflateSync(raw, { out: new Uint8Array(unpacked + 1) });
    } catch (cause) {
      throw new FileError(`${name}: damaged compressed data (${String(cause)}); get a fresh copy`, { cause });
    }
  } else {
    throw new FileError(`${name}: zip method ${entry.method}; save it with numpy.savez or numpy.savez_compressed`);
  }
  if (data.length !== unpacked || crc32(data) !== entry.crc) {
    throw new FileError(`${name}: length or checksum differs, the file was altered or damaged; get a fresh copy`);
  }
  return data;
}
