/**
 * Runs `work` with the newest value, one at a time: values that come while it runs replace each other, so that a slider
 * which is dragged asks for no more than can be done.
 */
export function latest<T>(work: (value: T) => Promise<unknown>): (value: T) => Promise<void> {
  let next: { readonly value: T } | undefined;
  let busy = false;
  return async value => {
    next = { value };
    if (busy) return;
    busy = true;
    try {
      while (next) {
        const { value: chosen }: { readonly value: T } = next;
        next = undefined;
        await work(chosen);
      }
    } finally {
      busy = false;
    }
  };
}
