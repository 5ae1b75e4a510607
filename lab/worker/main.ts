/** The worker: takes requests from the page, answers them, and tells of events. */
import { WeftError } from '../../src/index.ts';
import type { Failure, Reply, Request } from '../protocol.ts';
import { atOnce, type Handler, inTurn } from './handlers/index.ts';
import { Lab } from './lab.ts';

/** What a dedicated worker has in place of a window. */
const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<Request>) => void;
  postMessage(reply: Reply, transfer?: Transferable[]): void;
};

const lab = new Lab((name, value) => scope.postMessage({ kind: 'event', name, value }));

scope.onmessage = ({ data: { id, name, input } }) => {
  answer(name, input as never).then(
    output => scope.postMessage({ kind: 'answer', id, output }, transferables(output)),
    (error: unknown) => scope.postMessage({ kind: 'refusal', id, error: toFailure(error) }),
  );
};

async function answer(name: string, input: never): Promise<unknown> {
  if (Object.hasOwn(atOnce, name)) return await (atOnce as Record<string, Handler>)[name]!(lab, input);
  if (Object.hasOwn(inTurn, name))
    return await lab.turns.take(() => (inTurn as Record<string, Handler>)[name]!(lab, input));
  throw new Error(`there is no request '${name}'`);
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
