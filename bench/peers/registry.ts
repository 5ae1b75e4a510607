/** All contenders: this list is what the benchmark knows of them, without loading any (open.ts does). */
import type { PeerKind, Traded } from '../results.ts';

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
  { name: 'weft', title: 'weft', kind: 'weft', settings: 'the tables that ship with it' },
  { name: 'weft-untuned', title: 'weft, untuned', kind: 'weft', settings: 'estimates alone' },
  { name: 'weft-tuned', title: 'weft, tuned', kind: 'weft', settings: 'kernels measured before each line' },
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
