/** The page's side of its workers: asks, and hears of events. */
import type { Asked, Events, Failure, InputOf, OutputOf, Reply, Request } from '../protocol.ts';
import type { Handlers } from '../worker/handlers/index.ts';

/** What a worker refused to do; `message` says why and what to do about it. */
export class Refusal extends Error {
  constructor(failure: Failure) {
    super(failure.message);
    this.name = failure.name;
  }
}

/** What the reader stopped is no failure: undefined. */
export async function unlessStopped<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refusal && error.name === 'InterruptedError') return undefined;
    throw error;
  }
}

interface Pending {
  resolve(output: unknown): void;
  reject(error: Refusal): void;
}

type Listener<V> = (value: V) => void;

/** A worker that answers requests `H` and tells of events `E`. */
export class Client<H extends Asked, E> {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Map<unknown, Set<Listener<never>>>();
  private latest = 0;

  /** @param script beside the page. */
  constructor(script: string, name: string) {
    this.worker = new Worker(script, { type: 'module', name });
    this.worker.onmessage = ({ data }: MessageEvent<Reply>) => this.take(data);
    // Not even loaded, or a mistake of its own: nobody shall wait for ever.
    this.worker.onerror = ({ message = 'it could not be loaded' }) =>
      this.refuseAll({ name: 'Error', message: `${script}: ${message}` });
  }

  private take(reply: Reply): void {
    if (reply.kind === 'event') {
      for (const listener of this.listeners.get(reply.name) ?? []) listener(reply.value as never);
      return;
    }
    const waiting = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (reply.kind === 'answer') waiting?.resolve(reply.output);
    else waiting?.reject(new Refusal(reply.error));
  }

  /**
   * Asks the worker for something and gives its answer. What stands in `transfer` moves to the worker.
   * @throws Refusal with the worker's error.
   */
  async ask<N extends keyof H & string>(
    name: N,
    ...[input, transfer = []]: InputOf<H, N> extends undefined ? [] : [input: InputOf<H, N>, transfer?: Transferable[]]
  ): Promise<OutputOf<H, N>> {
    const id = ++this.latest;
    const request: Request = { id, name, input };
    const answer = new Promise<unknown>((resolve, reject) => this.pending.set(id, { resolve, reject }));
    this.worker.postMessage(request, transfer);
    return (await answer) as OutputOf<H, N>;
  }

  /** Hears of an event until the returned function is called. */
  hear<N extends keyof E>(name: N, listener: Listener<E[N]>): () => void {
    const those = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, those);
    those.add(listener as Listener<never>);
    return () => those.delete(listener as Listener<never>);
  }

  /** Ends the worker at once, whatever it is doing; who still waits is refused. */
  end(): void {
    this.worker.terminate();
    this.refuseAll({ name: 'InterruptedError', message: 'stopped' });
  }

  private refuseAll(failure: Failure): void {
    for (const { reject } of this.pending.values()) reject(new Refusal(failure));
    this.pending.clear();
  }
}

const lab = new Client<Handlers, Events>('worker.js', 'weft lab');

/** Asks the worker that owns the network. @throws Refusal with its error. */
export const ask: typeof lab.ask = (...request) => lab.ask(...request);
/** Hears of an event until the returned function is called. */
export const hear: typeof lab.hear = (...listener) => lab.hear(...listener);
