import { FileError } from '../platform/errors.ts';
import { findDuplicateKey } from './json-keys.ts';

/** A JSON file from anywhere. @throws FileError when it is none, or has a key twice. */
export function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    // JSON.parse silently takes the last of two equal keys, another reader may take the first.
    const twice = findDuplicateKey(text);
    if (twice !== undefined) throw new FileError(`${where}: '${twice}' stands twice in it; get a fresh copy`);
    return value;
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(`${where}: is no JSON, or damaged (${String(cause)}); get a fresh copy`, { cause });
  }
}
