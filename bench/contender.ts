import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { REPLY, type Replies, type Reply, type Request } from './protocol.ts';

/** A contender cannot do what was asked, for a reason that its row states. */
export class Skip extends Error {}

/** Milliseconds in which any request must be answered; a contender that takes longer is ended. */
export const PATIENCE = 25_000;
/** Frameworks that are loaded for the first time, and kernels that are tuned, take their time. */
export const MORE_PATIENCE = 120_000;
/** Lines of its stderr that are told when a contender dies. */
const LAST_WORDS = 5;

/** A contender in a process of its own. */
export class Contender {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly replies: AsyncIterator<string>;
  private readonly errors: string[] = [];
  /** Its output has ended; the news that the process has may come later. */
  private ended = false;
  version = '';
  device = '';

  constructor(
    readonly name: string,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    const [program, ...args] = command;
    this.child = spawn(program!, args, { stdio: 'pipe', env: { ...process.env, ...environment } });
    // A program that does not exist, or a pipe to one that has died, is found by `ask`.
    this.child.on('error', error => this.errors.push(error.message));
    this.child.stdin.on('error', () => {});
    this.replies = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    createInterface({ input: this.child.stderr }).on('line', line => {
      if (process.env.WEFT_DEBUG) process.stderr.write(`${name}: ${line}\n`);
      this.note(line);
    });
  }

  /** @throws Skip when it cannot be had. */
  async open(adapter: string | undefined): Promise<void> {
    const request = { do: 'open', peer: this.name, ...(adapter !== undefined && { adapter }) } as const;
    const { version, device } = await this.ask<'open'>(request, MORE_PATIENCE);
    this.version = version;
    this.device = device;
  }

  /** @throws Skip with the contender's own words when it cannot, fails or has died. */
  async ask<D extends Request['do']>(request: Extract<Request, { do: D }>, patience = PATIENCE): Promise<Replies[D]> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.child.kill('SIGKILL');
    }, patience);
    const value = await this.nextReply();
    clearTimeout(timer);
    if (value === undefined) {
      this.ended = true;
      if (late) throw new Skip(`it takes longer than ${patience / 1000} s to ${request.do}`);
      await new Promise(resolve => setTimeout(resolve, 50));
      throw new Skip(`its process ended: ${this.errors.join(' | ') || 'without a word'}`);
    }
    const reply = JSON.parse(value) as Reply<D>;
    if ('unsupported' in reply) throw new Skip(reply.unsupported);
    if ('error' in reply) throw new Skip(`it failed: ${reply.error}`);
    return reply;
  }

  /** Undefined when the process has ended. */
  private async nextReply(): Promise<string | undefined> {
    for (;;) {
      const { value, done } = await this.replies.next();
      if (done) return undefined;
      if (value.startsWith(REPLY)) return value.slice(REPLY.length);
      this.note(value);
    }
  }

  private note(line: string): void {
    if (line === '') return;
    this.errors.push(line);
    if (this.errors.length > LAST_WORDS) this.errors.shift();
  }

  get alive(): boolean {
    return (
      !this.ended && this.child.exitCode === null && this.child.signalCode === null && this.child.pid !== undefined
    );
  }

  async close(): Promise<void> {
    if (!this.alive) return;
    const gone = new Promise<void>(resolve => this.child.once('exit', () => resolve()));
    this.child.stdin.end();
    // One that is stuck in a driver does not hear that its input has ended.
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(timer);
  }
}
