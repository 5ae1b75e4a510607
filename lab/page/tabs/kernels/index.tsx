import { useEffect } from 'preact/hooks';
import { state } from '../../store.ts';
import { Detail } from './detail.tsx';
import './kernels.css';
import { Step } from './step.tsx';
import { list, load } from './store.ts';

export function Kernels() {
  const { engine, model } = state.value;
  const network = model?.network;
  const isReady = engine.status === 'ready' && network !== undefined;
  useEffect(() => {
    if (isReady) void load();
  }, [isReady, network]);
  return (
    <div class="page kernels">
      {engine.status === 'missing' ? (
        <p class="muted">
          Kernels are programs of a GPU. With WebGPU, this tab lists those of a training step, times them, and lets you
          try your own.
        </p>
      ) : list.value ? (
        <>
          <Step />
          <Detail />
        </>
      ) : (
        <p class="muted">…</p>
      )}
    </div>
  );
}
