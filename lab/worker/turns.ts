/** Lets work that uses the engine run one after the other, in the order in which it was asked for. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T> | T): Promise<T> {
    const turn = this.last.then(work);
    // Whoever took the turn hears of its failure; the next one must not.
    this.last = turn.catch(() => {});
    return turn;
  }
}
