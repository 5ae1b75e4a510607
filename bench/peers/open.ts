/** Loads contenders. Only the processes of contenders import this file, and with it the frameworks. */
import { type Peer, Unsupported } from './peer.ts';

/** The contender of that name, in this process. @throws Unsupported when it cannot be had here. */
export async function openPeer(name: string, adapter: string | undefined): Promise<Peer> {
  switch (name) {
    case 'weft':
      return await (await import('./weft.ts')).openWeft(adapter, 'shipped');
    case 'weft-untuned':
      return await (await import('./weft.ts')).openWeft(adapter, 'estimated');
    case 'weft-tuned':
      return await (await import('./weft.ts')).openWeft(adapter, 'tuned');
    case 'weft-winograd':
      return await (await import('./weft.ts')).openWeft(adapter, 'shipped', 'winograd');
    case 'weft-f16':
      return await (await import('./weft.ts')).openWeft(adapter, 'shipped', 'f16');
    case 'tfjs-webgpu':
      return await (await import('./tfjs.ts')).openTfjs('webgpu', adapter);
    case 'tfjs-webgpu-flags':
      return await (await import('./tfjs.ts')).openTfjs('webgpu', adapter, true);
    case 'tfjs-wasm':
      return await (await import('./tfjs.ts')).openTfjs('wasm', adapter);
    case 'tfjs-cpu':
      return await (await import('./tfjs.ts')).openTfjs('cpu', adapter);
    case 'tfjs-node':
      return await (await import('./tfjs.ts')).openTfjs('tensorflow', adapter);
    case 'jax-webgpu':
      return await (await import('./jax.ts')).openJax('webgpu', adapter);
    case 'jax-wasm':
      return await (await import('./jax.ts')).openJax('wasm', adapter);
    default:
      throw new Unsupported(`there is no contender '${name}'`);
  }
}
