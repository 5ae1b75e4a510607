import { useRef, useState } from 'preact/hooks';
import type { Station } from '../../../station.ts';
import { ask } from '../../client.ts';
import { WorkerCanvas } from '../../parts/canvas.tsx';
import { ground } from '../../theme.ts';
import { type Box, boxAt, canvasSize, type Layout, step, valueAt } from './geometry.ts';
import { what } from './look.ts';

/** A station's maps, drawn by the worker as they change. */
export function StationCanvas({ station, layout, label }: { station: Station; layout: Layout; label: string }) {
  const { name, signed, shape } = station;
  const { columns, scale, gap, first, count } = layout;
  const view = {
    station: name,
    what: what.value,
    signed,
    columns,
    scale,
    gap,
    range: 'all',
    ground: ground.value,
  } as const;
  const channels = { first, count };
  return (
    <WorkerCanvas
      label={label}
      show={canvas => ask('look.maps', { ...view, canvas, channels })}
      deps={[name, what.value, shape.join(), columns, scale, gap, first, count, ground.value]}
    />
  );
}

/**
 * Maps of which one value can be chosen: by a click, or by the arrow keys, with page up and page down for the map before and
 * behind.
 */
export function Maps({
  station,
  layout,
  label,
  at,
  marks = [],
  onPick,
  onEnter,
}: {
  station: Station;
  layout: Layout;
  label: string;
  /** The chosen value. */
  at: readonly number[] | undefined;
  /** Boxes around what else matters. */
  marks?: readonly Box[];
  onPick: (at: readonly number[]) => void;
  onEnter?: () => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<readonly number[] | undefined>(undefined);
  const size = canvasSize(layout);
  const isVector = station.shape.length === 1;
  const found = ({ clientX, clientY }: MouseEvent) => {
    const { left, top, width } = frame.current!.getBoundingClientRect();
    const zoom = size.width / width;
    return valueAt(layout, isVector, (clientX - left) * zoom, (clientY - top) * zoom);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === ' ') {
      if (!at) onPick(isVector ? [layout.first] : [0, 0, layout.first]);
      else onEnter?.();
      event.preventDefault();
      return;
    }
    const start = at ?? (isVector ? [layout.first] : [0, 0, layout.first]);
    const next = step(layout, start, event.key);
    if (!next) return;
    onPick(next);
    event.preventDefault();
  };
  const boxes = [
    ...marks.map(box => ['mark', box] as const),
    ...(hovered ? [['hovered', boxAt(layout, hovered)] as const] : []),
    ...(at ? [['at', boxAt(layout, at)] as const] : []),
  ];
  return (
    <div
      ref={frame}
      class="pickable"
      style={{ width: `${size.width}px` }}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
      tabIndex={0}
      aria-label={`${label}. Arrow keys choose a value, page up and page down another map, Enter goes to its arithmetic.`}
      onClick={event => {
        const next = found(event);
        if (next) onPick(next);
      }}
      onKeyDown={onKeyDown}
      onPointerMove={event => setHovered(found(event))}
      onPointerLeave={() => setHovered(undefined)}
    >
      <StationCanvas station={station} layout={layout} label={label} />
      <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
        {boxes.map(([kind, box]) => box && <Mark key={kind + box.x + box.y} kind={kind} box={box} />)}
      </svg>
      {hovered && <span class="tip">{placeText(hovered)}</span>}
    </div>
  );
}

function Mark({ kind, box: { x, y, width, height } }: { kind: string; box: Box }) {
  const rect = { x: x - 1, y: y - 1, width: width + 2, height: height + 2 };
  return (
    <g class={kind}>
      <rect class="behind" {...rect} />
      <rect {...rect} />
    </g>
  );
}

/** 'map 3, row 5, column 7', or 'unit 3': counted from 0, as the engine does. */
export function placeText(at: readonly number[]): string {
  const [row, column, channel] = at;
  return at.length === 1 ? `unit ${at[0]}` : `map ${channel}, row ${row}, column ${column}`;
}
