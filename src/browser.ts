/**
 * weft-gpu/browser: what the library needs from a page or a worker. It wants a secure context: https, or localhost.
 *
 *     openGpu()                             a WebGPU source for Engine.open
 *     browserFiles                          reads files beside the page
 */
export { browserFiles, browserPlatform, openGpu } from './platform/browser.ts';
