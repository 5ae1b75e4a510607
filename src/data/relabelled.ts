import type { Examples, Feed } from './examples.ts';

/** Examples with labels of their own, which can be changed at any time; all else is that of those they are made of. */
export class RelabelledExamples implements Examples {
  /** Of each example; a change counts from the next batch on. */
  readonly labels: Uint8Array;

  /** @param examples must live as long as this does. */
  constructor(private readonly examples: Examples) {
    this.labels = examples.labels.slice();
  }

  get count() {
    return this.examples.count;
  }

  get classes() {
    return this.examples.classes;
  }

  get imageShape() {
    return this.examples.imageShape;
  }

  get passed() {
    return this.examples.passed;
  }

  get sha256() {
    return this.examples.sha256;
  }

  feed(size: number): Feed {
    const feed = this.examples.feed(size);
    const { engine } = feed.indices;
    const labels = engine.keep(engine.tensor(new Uint32Array(size), [size], 'u32', 'labels'));
    return {
      indices: feed.indices,
      batch: () => ({ images: feed.batch().images, labels }),
      select: (chosen, draw) => {
        feed.select(chosen, draw);
        labels.write(Uint32Array.from(chosen, example => this.labels[example]!));
      },
      [Symbol.dispose]: () => {
        feed[Symbol.dispose]();
        labels.dispose();
      },
    };
  }
}
