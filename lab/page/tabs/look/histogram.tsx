import type { RequestOutput } from '../../../protocol.ts';
import { percent } from '../../parts/format.ts';
import { exact } from './numbers-text.ts';

type Statistics = RequestOutput<'look.numbers'>['values'];

const [WIDTH, HEIGHT] = [256, 64];

/** How often values lie where; zeros, which would hide all others, are told apart. */
export function Histogram({ title, of }: { title: string; of: Statistics }) {
  const { histogram, mean, deviation, zeros, minimum, maximum, notFinite } = of;
  const { counts, range } = histogram;
  const most = Math.max(...counts, 1);
  const width = WIDTH / counts.length;
  const spread = `mean ${exact(mean)}, deviation ${exact(deviation)}, from ${exact(minimum)} to ${exact(maximum)}`;
  return (
    <figure class="histogram">
      <figcaption>
        <b>{title}</b>
        {zeros > 0.0005 && <span>{percent(zeros, 0)} zeros</span>}
        {notFinite > 0 && <span class="problem">{notFinite} not finite</span>}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${spread}`} preserveAspectRatio="none">
        <line x1={WIDTH / 2} x2={WIDTH / 2} y1="0" y2={HEIGHT} />
        {counts.map((count, i) => {
          if (count === 0) return null;
          const height = Math.max(1, HEIGHT * Math.sqrt(count / most));
          const side = i < counts.length / 2 ? 'below' : 'above';
          return (
            <rect key={i} class={side} x={i * width + 0.5} y={HEIGHT - height} width={width - 1} height={height} />
          );
        })}
      </svg>
      <p>
        <span>{exact(-range)}</span>
        <span>
          {exact(mean)} ± {exact(deviation)}
        </span>
        <span>{exact(range)}</span>
      </p>
    </figure>
  );
}
