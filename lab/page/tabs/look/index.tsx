import { useEffect } from 'preact/hooks';
import { state } from '../../store.ts';
import { Transport } from '../train/transport.tsx';
import { Chooser } from './chooser.tsx';
import { Health } from './health.tsx';
import { Kernels } from './kernels.tsx';
import { Layer } from './layer.tsx';
import { chosen, follow, LOSS, station, stations } from './look.ts';
import './look.css';
import { Loss } from './loss.tsx';
import { Numbers } from './numbers.tsx';
import { Story } from './story.tsx';
import { Strip } from './strip.tsx';

/** A network from inside: every layer's maps, what they are made of, and what comes back from the loss. */
export function Look() {
  useEffect(follow, []);
  if (!state.value.model || stations.value.length === 0) return <p class="muted look-waits">…</p>;
  const looked = station.value;
  return (
    <>
      <Transport />
      <div class="look">
        <Chooser />
        <Strip />
        <div class="inside">
          <div class="side" data-tour="maps">
            {chosen.value === LOSS ? <Loss /> : looked && <Layer key={looked.name} station={looked} />}
            {looked?.kernel && <Kernels key={looked.name} kernel={looked.kernel} />}
            {looked && <Numbers />}
          </div>
          <Story />
        </div>
        <Health />
      </div>
    </>
  );
}
