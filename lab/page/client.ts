/** The page's side of the worker: asks, and hears of events. */
import type { Events, Failure, Reply, Request, RequestInput, RequestName, RequestOutput } from '../protocol.ts';

/** What the worker refused to do; `message` says why and what to do about it. */
export class Refusal extends Error {
  constructor(failure: Failure) {
    super(failure.message);
    this.name = failure.name;
  }
}

interface Pending {
  resolve(output: unknown): void;
  reject(error: Refusal): void;
}

type Listener<N extends keyof Events> = (value: Events[N]) => void;

const worker = new Worker('worker.js', { type: 'module', name: 'weft lab' });
const pending = new Map<number, Pending>();
const listeners = new Map<keyof Events, Set<Listener<never>>>();
let latest = 0;

worker.onmessage = ({ data }: MessageEvent<Reply>) => {
  if (data.kind === 'event') {
    for (const listener of listeners.get(data.name) ?? []) listener(data.value as never);
    return;
  }
  const waiting = pending.get(data.id);
  pending.delete(data.id);
  if (data.kind === 'answer') waiting?.resolve(data.output);
  else waiting?.reject(new Refusal(data.error));
};

/**
 * Asks the worker for something and gives its answer. What stands in `transfer` moves to the worker.
 * @throws Refusal with the worker's error.
 */
export async function ask<N extends RequestName>(
  name: N,
  ...[input, transfer = []]: RequestInput<N> extends undefined
    ? []
    : [input: RequestInput<N>, transfer?: Transferable[]]
): Promise<RequestOutput<N>> {
  const id = ++latest;
  const request: Request = { id, name, input };
  const answer = new Promise<unknown>((resolve, reject) => pending.set(id, { resolve, reject }));
  worker.postMessage(request, transfer);
  return (await answer) as RequestOutput<N>;
}

/** Hears of an event until the returned function is called. */
export function hear<N extends keyof Events>(name: N, listener: Listener<N>): () => void {
  const those = listeners.get(name) ?? new Set();
  listeners.set(name, those);
  those.add(listener as Listener<never>);
  return () => those.delete(listener as Listener<never>);
}
