/** What the rows of a line say about each other. */
import type { Line, PeerKind, Results, Row } from './results.ts';

/** weft's own row of the headline: float32, nothing given up. */
export function headline(line: Line): Row | undefined {
  return line.rows.find(({ peer, value }) => peer === 'weft' && value);
}

/** The fastest contender of these kinds that gives nothing up. */
export function bestPeer(results: Results, line: Line, kinds: readonly PeerKind[] = ['webgpu']): Row | undefined {
  const among = new Set(results.peers.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name));
  const rows = line.rows.filter(({ peer, value, traded }) => value && !traded && among.has(peer));
  return rows.reduce<Row | undefined>(
    (best, row) => (best && best.value!.median <= row.value!.median ? best : row),
    undefined,
  );
}

/** How many times weft's median the best peer's is: above 1, weft is ahead. Undefined where one of the two is missing. */
export function ratioOf(results: Results, line: Line, kinds?: readonly PeerKind[]): number | undefined {
  const [ours, theirs] = [headline(line), bestPeer(results, line, kinds)];
  return ours && theirs ? theirs.value!.median / ours.value!.median : undefined;
}

/** Billions a second from a count and milliseconds; undefined where the count says nothing. */
export function rateOf(count: number, milliseconds: number): number | undefined {
  return count > 0 ? count / milliseconds / 1e6 : undefined;
}
