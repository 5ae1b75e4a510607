import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Grid, Maps } from './grid.ts';
import type { Ground, Palette } from './palettes.ts';

/** What a tensor is drawn as. */
export interface Painting {
  readonly maps: Maps;
  readonly grid: Grid;
  readonly palette: Palette;
  /**
   * Values of the first and the last colour: fixed, or from the values, one pair for all maps or one for each. Found
   * ones are made symmetric for the diverging palette.
   */
  readonly range: readonly [low: number, high: number] | 'all' | 'each';
  readonly ground: Ground;
}

/** Draws tensors on canvases of the page. */
export interface Painter extends Disposable {
  /**
   * Draws the values that the tensor has after everything that was submitted before. On a GPU nothing is waited for:
   * the picture is there with the next frame.
   */
  paint(canvas: OffscreenCanvas, tensor: Tensor, painting: Painting): Promise<void> | void;
}
