import { placeRoofline } from '../../../../src/report/roofline-plot.ts';
import { digits } from '../../parts/format.ts';
import { Progress } from '../../parts/progress.tsx';
import { busy, choose, chosen, chosenRow, ladder, measureRoof, roof, stop, times } from './store.ts';

interface Point {
  readonly key: string;
  readonly intensity: number;
  readonly gflops: number;
  readonly title: string;
  readonly kind: 'step' | 'chosen' | 'rung';
  readonly place?: number;
}

const [WIDTH, HEIGHT] = [520, 320];
const FRAME = { left: 56, right: WIDTH - 14, top: 24, bottom: HEIGHT - 40 };

/** Where the chosen dispatch, its variants and the rest of the step stand under the roof of this device. */
export function Roofline() {
  const running = busy.value?.what === 'roofline' ? busy.value : undefined;
  const points = [...stepPoints(), ...rungPoints()];
  return (
    <section aria-labelledby="roof-title">
      <h3 id="roof-title">Under the roof of this device</h3>
      {points.length > 0 || roof.value ? (
        <Plot points={points} />
      ) : (
        <p class="muted">
          Measure the times, or run the ladder: how fast a kernel is, against how many operations it has for each byte
          that must move. Left of the bend memory is the limit, right of it arithmetic.
        </p>
      )}
      {running ? (
        <Progress label={running.text} done={running.done} total={running.total} onStop={stop} />
      ) : (
        <button type="button" disabled={busy.value !== undefined} onClick={() => void measureRoof()}>
          {roof.value ? 'Measure the roof again' : 'Measure the roof'}
        </button>
      )}
    </section>
  );
}

/** What computes and moves something, whole calls by their first dispatch. */
function stepPoints(): Point[] {
  const lines = times.value?.lines ?? [];
  return lines.flatMap(({ kernel, variant, flops, bytes, gflopsPerSecond }, place): Point[] => {
    if (!(flops > 0 && bytes > 0 && gflopsPerSecond > 0)) return [];
    const kind = place === chosen.value ? 'chosen' : 'step';
    const title = `${place + 1}: ${kernel}/${variant}, ${digits(gflopsPerSecond)} GFLOP/s`;
    return [{ key: `s${place}`, intensity: flops / bytes, gflops: gflopsPerSecond, title, kind, place }];
  });
}

function rungPoints(): Point[] {
  const result = ladder.value;
  if (!result || !(result.flops > 0 && result.bytes > 0)) return [];
  return result.rungs.flatMap(({ variant, gflopsPerSecond }): Point[] => {
    if (!gflopsPerSecond) return [];
    const title = `${variant}: ${digits(gflopsPerSecond)} GFLOP/s`;
    return [
      { key: `r${variant}`, intensity: result.flops / result.bytes, gflops: gflopsPerSecond, title, kind: 'rung' },
    ];
  });
}

function Plot({ points }: { points: readonly Point[] }) {
  const top = roof.value;
  const { x, y, xTicks, yTicks, roof: lines } = placeRoofline(points, top, FRAME);
  const { left, right, bottom } = FRAME;
  const own = points.find(({ kind }) => kind === 'chosen');
  const words = [
    top && `The device reaches ${digits(top.gflops)} GFLOP/s and ${digits(top.gigabytesPerSecond)} GB/s.`,
    own && `${chosenRow.value?.kernel} reaches ${digits(own.gflops)} GFLOP/s at ${digits(own.intensity)} FLOP/byte.`,
    `${points.length} measurements are shown.`,
  ];
  // The chosen one lies on top.
  const sorted = [...points].sort((a, b) => Number(a.kind === 'chosen') - Number(b.kind === 'chosen'));
  return (
    <svg class="roofline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words.filter(Boolean).join(' ')}>
      {yTicks.map(tick => (
        <g key={tick}>
          <line class="grid" x1={left} x2={right} y1={y(tick)} y2={y(tick)} />
          <text x={left - 6} y={y(tick) + 4} text-anchor="end">
            {tick}
          </text>
        </g>
      ))}
      {xTicks.map(tick => (
        <g key={tick}>
          <line class="grid" x1={x(tick)} x2={x(tick)} y1={FRAME.top} y2={bottom} />
          <text x={x(tick)} y={bottom + 16} text-anchor="middle">
            {tick}
          </text>
        </g>
      ))}
      <text x={(left + right) / 2} y={bottom + 33} text-anchor="middle">
        operations for each byte that must move
      </text>
      <text x={left - 6} y={FRAME.top - 10}>
        GFLOP/s
      </text>
      {lines && top && (
        <>
          <path class="roof" d={lines.path} />
          <text x={lines.peak[0] - 4} y={lines.peak[1] - 7} text-anchor="end">
            {digits(top.gflops)} GFLOP/s
          </text>
          <text
            x={lines.slope.x}
            y={lines.slope.y - 7}
            text-anchor="middle"
            transform={`rotate(${lines.slope.angle} ${lines.slope.x} ${lines.slope.y - 7})`}
          >
            {digits(top.gigabytesPerSecond)} GB/s
          </text>
        </>
      )}
      {sorted.map(({ key, intensity, gflops, title, kind, place }) => (
        // The list does the same by the keyboard.
        // biome-ignore lint/a11y/noStaticElementInteractions: a second way for who points
        <circle
          key={key}
          class={kind}
          cx={x(intensity)}
          cy={y(gflops)}
          r={kind === 'chosen' ? 7 : 5}
          onClick={() => place !== undefined && void choose(place)}
        >
          <title>{title}</title>
        </circle>
      ))}
    </svg>
  );
}
