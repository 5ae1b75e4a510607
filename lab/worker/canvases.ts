import type { Tensor } from '../../src/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import type { Painter, Painting } from './draw/painter.ts';

/** What is to be seen on a canvas: asked for again whenever values have changed. */
export type Scene = () => (Painting & { readonly tensor: Tensor }) | undefined;

export interface SceneOptions {
  /** Whether it shows what the pass backwards makes. */
  readonly backwards?: boolean;
  /** Whether it shows two branches beside one another. */
  readonly beside?: boolean;
}

/** The canvases that the page has handed over, and what is drawn on each. */
export class Canvases {
  private readonly canvases = new Map<string, OffscreenCanvas>();
  private readonly scenes = new Map<string, Scene>();
  private readonly options = new Map<string, SceneOptions>();

  attach(id: string, canvas: OffscreenCanvas): void {
    this.canvases.set(id, canvas);
  }

  detach(id: string): void {
    this.canvases.delete(id);
    this.scenes.delete(id);
    this.options.delete(id);
  }

  /** From now on this is drawn there. @throws ValueError when there is no such canvas. */
  show(id: string, scene: Scene, options: SceneOptions = {}): void {
    if (!this.canvases.has(id)) throw new ValueError(`canvas '${id}': the page has not handed it over`);
    this.scenes.set(id, scene);
    this.options.set(id, options);
  }

  get isEmpty(): boolean {
    return this.scenes.size === 0;
  }

  /** Whether any shows what the pass backwards makes. */
  get lookBackwards(): boolean {
    return this.some('backwards');
  }

  /** Whether any shows two branches. */
  get lookBeside(): boolean {
    return this.some('beside');
  }

  private some(option: keyof SceneOptions): boolean {
    return [...this.options.values()].some(options => options[option]);
  }

  /** Draws all of them anew. */
  async paint(painter: Painter): Promise<void> {
    for (const [id, scene] of this.scenes) {
      const seen = scene();
      if (seen) await painter.paint(this.canvases.get(id)!, seen.tensor, seen);
    }
  }
}
