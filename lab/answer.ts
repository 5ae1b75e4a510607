/** A worker's side of what it is asked. */
import { WeftError } from '../src/index.ts';
import type { Failure, Reply, Request } from './protocol.ts';

/** What a dedicated worker has in place of a window. */
const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<Request>) => void;
  postMessage(reply: Reply, transfer?: Transferable[]): void;
};

/** From now on `answer` is given each request that the page makes; what it throws becomes a refusal. */
export function answerWith(answer: (name: string, input: never) => Promise<unknown>): void {
  scope.onmessage = ({ data: { id, name, input } }) => {
    answer(name, input as never).then(
      output => scope.postMessage({ kind: 'answer', id, output }, transferables(output)),
      (error: unknown) => scope.postMessage({ kind: 'refusal', id, error: toFailure(error) }),
    );
  };
}

/** Tells the page something that it has not asked for. */
export function tell<E, N extends keyof E & string>(name: N, value: E[N]): void {
  scope.postMessage({ kind: 'event', name, value });
}

/** A file moves to the page instead of being copied. */
function transferables(output: unknown): Transferable[] {
  return output instanceof Uint8Array ? [output.buffer as ArrayBuffer] : [];
}

/** An unexpected error keeps its stack in the console, where whoever reports it finds it. */
function toFailure(error: unknown): Failure {
  if (!(error instanceof WeftError)) console.error(error);
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message };
}
