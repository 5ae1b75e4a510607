/** All contenders, each in a file of its own; this list is what the rest of the benchmark knows of them. */
import type { PeerKind, Traded } from '../results.ts';
import { type Peer, Unsupported } from './peer.ts';

export interface PeerEntry {
  readonly name: string;
  readonly title: string;
  readonly kind: PeerKind;
  readonly traded?: Traded;
  /** What is switched on that is not the default. */
  readonly settings?: string;
  /** Answered by bench/peers/python_peer.py instead of a module here. */
  readonly python?: true;
}

export const peers: readonly PeerEntry[] = [
  { name: 'weft', title: 'weft', kind: 'weft' },
  { name: 'weft-winograd', title: 'weft, Winograd', kind: 'weft', traded: 'winograd', settings: "allow: ['winograd']" },
  { name: 'weft-f16', title: 'weft, f16 storage', kind: 'weft', traded: 'f16', settings: "allow: ['f16']" },
  { name: 'tfjs-webgpu', title: 'tfjs webgpu', kind: 'webgpu' },
  {
    ...{ name: 'tfjs-webgpu-flags', title: 'tfjs webgpu, best flags', kind: 'webgpu' },
    settings: 'the fastest of its public flags for each piece of work',
  },
  { name: 'jax-webgpu', title: 'jax-js webgpu', kind: 'webgpu', settings: 'jit' },
  { name: 'tfjs-wasm', title: 'tfjs wasm', kind: 'wasm' },
  { name: 'jax-wasm', title: 'jax-js wasm', kind: 'wasm', settings: 'jit' },
  { name: 'tfjs-cpu', title: 'tfjs cpu', kind: 'cpu' },
  { name: 'tfjs-node', title: 'tfjs-node', kind: 'cpu' },
  { name: 'tensorflow', title: 'TensorFlow / Keras', kind: 'cpu', python: true },
  { name: 'torch', title: 'PyTorch', kind: 'cpu', python: true },
  { name: 'torch-cuda', title: 'PyTorch CUDA', kind: 'cuda', python: true, settings: 'TF32 off' },
  {
    name: 'torch-cuda-tf32',
    title: 'PyTorch CUDA, TF32',
    kind: 'cuda',
    python: true,
    traded: 'tf32',
    settings: 'TF32 on',
  },
];

/** The contender of that name, in this process. @throws Unsupported when it cannot be had here. */
export async function openPeer(name: string, adapter: string | undefined): Promise<Peer> {
  switch (name) {
    case 'weft':
      return await (await import('./weft.ts')).openWeft(adapter);
    case 'weft-winograd':
      return await (await import('./weft.ts')).openWeft(adapter, 'winograd');
    case 'weft-f16':
      return await (await import('./weft.ts')).openWeft(adapter, 'f16');
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
