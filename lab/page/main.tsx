import { render } from 'preact';
import { App } from './app.tsx';
import { ask } from './client.ts';
import './style.css';
import { attempt, moments, start, state } from './store.ts';

declare global {
  /** For the console, and for tests: `await weftLab.ask('layer.values', { layer: 'conv1' })`. */
  var weftLab: { readonly ask: typeof ask; readonly state: typeof state; readonly moments: typeof moments };
}

globalThis.weftLab = { ask, moments, state };

render(<App />, document.getElementById('app')!);
void attempt('The lab could not start', start);
