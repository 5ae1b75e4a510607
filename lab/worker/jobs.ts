/** Long work that is done in pieces, a turn each. Of each name there is one at a time: the newer stops the older. */
export class Jobs {
  private readonly running = new Map<string, AbortController>();

  /** What the work has to look at between its pieces. */
  start(name: string): AbortSignal {
    this.stop(name);
    const controller = new AbortController();
    this.running.set(name, controller);
    return controller.signal;
  }

  stop(name: string): void {
    this.running.get(name)?.abort();
    this.running.delete(name);
  }
}
