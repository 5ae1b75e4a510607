import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../client.ts';
import { state } from '../store.ts';

let count = 0;

interface WorkerCanvasProps {
  show: (canvas: string) => Promise<unknown>;
  deps: readonly unknown[];
  /** What is to be seen, for who cannot see it. */
  label: string;
  className?: string;
}

/**
 * A canvas that the worker draws on. `show` asks it to, with the canvas's name, once it has been handed over and
 * whenever one of `deps` changes.
 */
export function WorkerCanvas(props: WorkerCanvasProps) {
  // What a GPU has drawn on is the GPU's for ever: where that is lost for good, the processor needs another canvas.
  return <Handed key={state.value.engine.status === 'missing' ? 'processor' : 'gpu'} {...props} />;
}

function Handed({ show, deps, label, className = '' }: WorkerCanvasProps) {
  const [id] = useState(() => `canvas ${++count}`);
  const element = useRef<HTMLCanvasElement>(null);
  const handed = useRef<Promise<unknown>>(undefined);
  useEffect(() => {
    const canvas = element.current!.transferControlToOffscreen();
    handed.current = ask('canvas.attach', { id, canvas }, [canvas]);
    return () => void ask('canvas.detach', { id });
  }, [id]);
  useEffect(() => {
    void handed.current?.then(() => show(id)).catch(() => {});
  }, [id, ...deps]);
  return <canvas ref={element} class={`maps ${className}`} role="img" aria-label={label} width={1} height={1} />;
}
