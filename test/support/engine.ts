import { openGpu } from '../../src/platform/node.ts';
import { Engine } from '../../src/tensor/engine.ts';

let shared: Promise<Engine> | undefined;

/** The GPU engine that all tests of this process share. No adapter is a failure, never a skip. */
export function gpuEngine(): Promise<Engine> {
  shared ??= openGpu().then(source => Engine.open(source));
  return shared;
}
