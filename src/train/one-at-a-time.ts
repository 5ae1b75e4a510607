import { ValueError } from '../platform/errors.ts';

/** Does one thing at a time for what would be torn by two, such as a session, where two would mix their steps. */
export class OneAtATime {
  private busy: string | undefined;

  /** @param owner what messages call it. */
  constructor(private readonly owner: string) {}

  /** @throws ValueError while another thing is under way; what `fn` throws. */
  async run<T>(what: string, fn: () => Promise<T>): Promise<T> {
    if (this.busy) {
      throw new ValueError(
        `${this.owner}: ${what} while ${this.busy} is under way; wait for it, or pause it by its signal`,
      );
    }
    this.busy = what;
    try {
      return await fn();
    } finally {
      this.busy = undefined;
    }
  }
}
