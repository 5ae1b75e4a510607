import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';

/** An XDG base directory; the specification says that relative values are to be ignored. */
function xdg(variable: string, fallback: string): string {
  const value = process.env[variable];
  return value && isAbsolute(value) ? value : join(home(), fallback);
}

/** Accounts without a home folder (containers, `nobody`) get a place under the temporary folder. */
function home(): string {
  const folder = process.env.HOME || homedir();
  return folder && folder !== '/' && folder !== '/nonexistent' ? folder : join(tmpdir(), `weft-${process.getuid?.()}`);
}

/** Where weft keeps what it can make or fetch again: data sets, tuning tables. May not exist yet. */
export function cacheDir(...parts: string[]): string {
  const base = process.platform === 'win32' ? process.env.LOCALAPPDATA : undefined;
  return join(base ?? xdg('XDG_CACHE_HOME', '.cache'), 'weft', ...parts);
}

/** Where weft keeps what belongs to the user's installation, such as a private Vulkan driver. May not exist yet. */
export function dataDir(...parts: string[]): string {
  const base = process.platform === 'win32' ? process.env.LOCALAPPDATA : undefined;
  return join(base ?? xdg('XDG_DATA_HOME', '.local/share'), 'weft', ...parts);
}
