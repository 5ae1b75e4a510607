import type { Engine } from '../../tensor/engine.ts';

/** Floating-point operations that something may take. */
export interface Budget {
  /** On two cores of a processor by Mesa's llvmpipe. */
  readonly software: number;
  readonly gpu: number;
}

/** SwiftShader, by which a browser computes without a GPU, takes ten to twenty times as long as llvmpipe for these. */
const SWIFTSHADER = 0.05;

/** What may be spent on the adapter of this engine. Figures that are made with less say of how many images they are. */
export function operationsFor(engine: Engine, { software, gpu }: Budget): number {
  return engine.gpu.device.info.software ? share(engine) * software : gpu;
}

/** How many there are at least, however long they take; fewer where that is very long, down to `few`. */
export const atLeast = (engine: Engine, count: number, few = 1): number =>
  Math.max(few, Math.ceil(share(engine) * count));

function share(engine: Engine): number {
  const { architecture, device, description } = engine.gpu.device.info;
  return /swiftshader/i.test([architecture, device, description].join(' ')) ? SWIFTSHADER : 1;
}
