import { useEffect } from 'preact/hooks';
import { state } from '../../store.ts';
import './fork.css';
import { Curves, Drive } from './drive.tsx';
import { Make } from './make.tsx';
import { Sides } from './sides.tsx';
import { fork, loadStations } from './store.ts';
import { Verdict } from './verdict.tsx';

/** Another future for the training: a second branch from any step, with one thing changed, beside the first. */
export function Fork() {
  const { engine, model, training } = state.value;
  const config = JSON.stringify(model?.network.config);
  useEffect(() => {
    if (config) void loadStations();
  }, [config]);
  if (engine.status === 'missing' || training?.recorded) return <p class="page muted">Branches need WebGPU.</p>;
  if (!model || !training) return <p class="page muted">…</p>;
  return <div class="page fork">{fork.value ? <Branches /> : <Make training={training} />}</div>;
}

function Branches() {
  return (
    <>
      <Drive />
      <Verdict />
      <Curves />
      <Sides />
    </>
  );
}
