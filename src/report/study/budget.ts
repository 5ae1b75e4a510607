import type { Engine } from '../../tensor/engine.ts';

/** Floating-point operations that something may take. */
export interface Budget {
  /** On two cores of a processor by Mesa's llvmpipe. */
  readonly software: number;
  readonly gpu: number;
}

/** SwiftShader, by which a browser computes without a GPU, takes about five times as long as llvmpipe. */
const SWIFTSHADER = 0.2;

/** What may be spent on the adapter of this engine. Figures that are made with less say of how many images they are. */
export function operationsFor(engine: Engine, { software, gpu }: Budget): number {
  const { info } = engine.gpu.device;
  if (!info.software) return gpu;
  return /swiftshader/i.test([info.architecture, info.device, info.description].join(' '))
    ? SWIFTSHADER * software
    : software;
}
