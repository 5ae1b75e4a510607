/** Takes the place of bench/peers/dawn.ts in a page: the browser's own WebGPU is there, and waits without spinning. */
import { openGpu } from '../../src/platform/browser.ts';

type Dawn = typeof import('../peers/dawn.ts');

export const openDawn: Dawn['openDawn'] = adapter => openGpu(adapter === undefined ? {} : { adapter });

/** A page has a navigator. */
export const setNavigator: Dawn['setNavigator'] = () => {};

export const resting: Dawn['resting'] = (_, fn) => fn();

/** Whatever contenders import from there must be here too. */
({ openDawn, setNavigator, resting }) satisfies { [name in keyof Dawn]: unknown };
