import { createHash } from 'node:crypto';
import { FileError } from '../platform/errors.ts';
import { OP_FORMAT, OP_VERSION, type OpResult, type PeerTime } from '../tensor/bench-op.ts';
import type { Rung } from '../tensor/ladder.ts';

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Reads a shared result. @throws FileError, starting with `path`, that says what does not belong. */
export function parseOpResult(text: string, path: string): OpResult {
  const fail = (what: string, cause?: unknown): never => {
    throw new FileError(`${path}: ${what}; make it with weft bench op NAME --json > FILE`, { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    fail(`not JSON (${(cause as Error).message})`, cause);
  }
  if (typeof value !== 'object' || value === null) fail('not a result of weft bench op');
  const result = value as OpResult;
  if (result.format !== OP_FORMAT) fail(`its format is not '${OP_FORMAT}'`);
  if (result.version !== OP_VERSION) fail(`it has version ${result.version}, this weft reads ${OP_VERSION}`);
  const { date, weft, kernel, shape, flops, bytes, repeats, chosen, adapter, rungs, custom, peers } = result;
  if (![date, weft, kernel, chosen, adapter?.device, adapter?.driver].every(text => typeof text === 'string'))
    fail('date, weft, kernel, chosen and adapter must be texts');
  if (Number.isNaN(Date.parse(date))) fail(`'${date}' is no date`);
  if (![flops, bytes, repeats, adapter.subgroupSize].every(number => Number.isFinite(number)))
    fail('flops, bytes, repeats and subgroupSize must be numbers');
  if (typeof shape !== 'object' || shape === null || !Object.values(shape).every(Number.isFinite))
    fail('shape must name numbers');
  if (!Array.isArray(rungs) || !rungs.every(isRung)) fail('rungs must be a list of variants with their times');
  if (peers !== undefined && !(Array.isArray(peers) && peers.every(isPeer)))
    fail('peers must be a list of frameworks with their times');
  if (custom) {
    if (typeof custom.name !== 'string' || typeof custom.wgsl !== 'string')
      fail('custom must have a name and its WGSL');
    if (custom.sha256 !== sha256(custom.wgsl)) fail('the WGSL has been altered: its sha256 is another');
  }
  return result;
}

function isRung(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { variant, provenShapes, error, errorShare, dispatches, time, failure } = value as Partial<Rung>;
  const timed = time ? [time.median, time.min, time.max, error, errorShare] : [];
  const isWhole = typeof variant === 'string' && [provenShapes, dispatches, ...timed].every(Number.isFinite);
  return isWhole && (time !== undefined || failure !== undefined);
}

function isPeer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { peer, title, version, time, error = 0, skipped, how = '' } = value as Partial<PeerTime>;
  const isNamed = [peer, title, version, how].every(text => typeof text === 'string');
  if (time === undefined) return isNamed && typeof skipped === 'string';
  return isNamed && [time.median, time.min, time.max, error].every(Number.isFinite);
}
