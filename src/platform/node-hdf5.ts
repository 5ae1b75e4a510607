import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FileError } from './errors.ts';
import type { Hdf5Contents, Hdf5Dataset } from './platform.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Seconds that reading may take, and more for each MiB: a machine with much else to do needs fifteen for the smallest. */
const SECONDS = 60;
const SECONDS_PER_MIB = 1;
/** MiB of the child's JavaScript heap; its arrays and the library's memory are bounded by itself. */
const HEAP = 256;

/** HDF5 in a child process that is killed when it takes too long. See `Hdf5Parser`. */
export async function parseHdf5(
  bytes: Uint8Array,
  where: string,
  skip: readonly string[] = [],
  seconds = SECONDS + (SECONDS_PER_MIB * bytes.length) / 2 ** 20,
): Promise<Hdf5Contents> {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    throw new FileError(`${where}: not an HDF5 file; get a fresh copy`);
  }
  const fail = (what: string): never => {
    throw new FileError(`${where}: cannot be read as HDF5: ${what}; the file is damaged or hostile, get a fresh copy`);
  };
  const { answer, code, late } = await runChild(bytes, skip, seconds);
  if (late) fail(`it took more than ${Math.ceil(seconds)} seconds`);
  if (answer.length < 4) fail(`the process that read it ended with ${code}`);
  const textEnd = 4 + answer.readUInt32LE(0);
  if (textEnd > answer.length) fail(`the process that read it ended with ${code}`);
  const header = JSON.parse(answer.toString('utf8', 4, textEnd)) as Header;
  if (header.error !== undefined) fail(header.error);
  let at = textEnd;
  const datasets = header.datasets.map(({ path, shape, type, count, read }): Hdf5Dataset => {
    const raw = answer.subarray(at, (at += count * 4));
    if (raw.length !== count * 4) fail(`the process that read it ended with ${code}`);
    // A copy, since the answer's text has any length.
    return { path, shape, type, data: read ? new Float32Array(new Uint8Array(raw).buffer) : undefined };
  });
  return { datasets, attributes: header.attributes };
}

interface Header {
  readonly error?: string;
  readonly datasets: readonly (Omit<Hdf5Dataset, 'data'> & { readonly count: number; readonly read: boolean })[];
  readonly attributes: Hdf5Contents['attributes'];
}

async function runChild(
  bytes: Uint8Array,
  skip: readonly string[],
  seconds: number,
): Promise<{ answer: Buffer; code: number | string; late: boolean }> {
  const script = import.meta.url.replace(/node-hdf5(\.[jt]s)$/, 'node-hdf5-child$1');
  const args = [`--max-old-space-size=${HEAP}`, ...loaderFor(script), fileURLToPath(script), JSON.stringify(skip)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore', 'pipe'] });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  const parts: Buffer[] = [];
  child.stdio[3]!.on('data', (part: Buffer) => parts.push(part));
  // A child that dies early leaves a broken pipe; its end says so.
  child.stdin!.on('error', () => {});
  child.stdin!.end(bytes);
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'no code'));
    });
    return { answer: Buffer.concat(parts), code, late };
  } finally {
    clearTimeout(timer);
  }
}

/** From a clone the child is TypeScript, as this file is. */
function loaderFor(script: string): string[] {
  return script.endsWith('.ts') ? ['--import', pathToFileURL(createRequire(script).resolve('tsx')).href] : [];
}
