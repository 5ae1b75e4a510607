import { namedTab } from './address.ts';
import { dismiss, notices, state } from './store.ts';
import { tabs } from './tabs/index.ts';
import { Tour, TourButton } from './tour/index.tsx';

export function App() {
  const open = tabs.find(({ id }) => id === namedTab.value) ?? tabs[0]!;
  return (
    <>
      <a class="skip" href="#content">
        To the content
      </a>
      <header class="top">
        <h1>
          weft <span>lab</span>
        </h1>
        <nav aria-label="Tabs">
          {tabs.map(({ id, title }) => (
            <a key={id} href={`#${id}`} aria-current={id === open.id ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <TourButton />
        <Device />
      </header>
      <Tour />
      <Notices />
      <main id="content" tabIndex={-1}>
        <open.component key={open.id} />
      </main>
    </>
  );
}

/** What computes, in a word or two. */
function Device() {
  const { engine } = state.value;
  const words = {
    starting: () => 'starting …',
    ready: () => (engine.status === 'ready' ? engine.adapter : ''),
    missing: () => 'no WebGPU',
    lost: () => 'GPU lost, opening another …',
  };
  const title = engine.status === 'missing' || engine.status === 'lost' ? engine.reason : undefined;
  return (
    <p class={`device ${engine.status}`} role="status" title={title}>
      {words[engine.status]()}
    </p>
  );
}

function Notices() {
  const { engine } = state.value;
  return (
    <section class="notices" aria-live="polite" aria-label="Messages">
      {engine.status === 'missing' && (
        <div class="notice problem">
          <p>
            <strong>This browser gives no WebGPU.</strong> Looking at pictures, layers and their arithmetic works all
            the same; training does not. A current Chrome, Edge, Firefox or Safari has WebGPU; on Linux, Chrome needs{' '}
            <code>chrome://flags/#enable-unsafe-webgpu</code>.
          </p>
        </div>
      )}
      {notices.value.map(({ id, kind, title, text }) => (
        <div key={id} class={`notice ${kind}`}>
          <p>
            <strong>{title}.</strong> {text}
          </p>
          <button type="button" class="quiet" aria-label={`Put away: ${title}`} onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </section>
  );
}
