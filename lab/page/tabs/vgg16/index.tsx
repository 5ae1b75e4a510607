import { useEffect } from 'preact/hooks';
import { ask } from '../../client.ts';
import { attempt, state } from '../../store.ts';
import { Blocks, Filters } from './blocks.tsx';
import { Picture } from './picture.tsx';
import { show, vgg16 } from './store.ts';
import './vgg16.css';
import { Weights } from './weights.tsx';

/** What a network that knows photos makes of yours, or of Fashion-MNIST. */
export function Vgg16() {
  const { engine, data } = state.value;
  const isOpen = data !== undefined && (engine.status === 'ready' || engine.status === 'missing');
  const { weights } = vgg16.value;
  const isReady = isOpen && weights.status === 'ready';
  const hasSeen = vgg16.value.look !== undefined;
  useEffect(() => {
    if (isOpen) void attempt('The weights could not be looked for', () => ask('vgg16.find'));
  }, [isOpen]);
  // Also when other weights have come, or another device in the place of a lost one.
  useEffect(() => {
    if (isReady && !hasSeen) void show();
  }, [isReady, hasSeen]);
  return (
    <div class="page vgg16">
      <div class="top-line" data-tour="vgg16">
        <h2>VGG16</h2>
        {isOpen && <Weights />}
      </div>
      {isReady && (
        <div class="looking">
          <div class="sticky">
            <Picture />
            <Filters />
          </div>
          <div class="blocks">
            <p class="muted legend">
              Each map in its own range, dark to bright. First the eight channels with the largest mean, with their
              numbers and means; then all.
            </p>
            <Blocks />
          </div>
        </div>
      )}
    </div>
  );
}
