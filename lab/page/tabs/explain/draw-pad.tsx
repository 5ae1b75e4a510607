import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { state } from '../../store.ts';
import { type Drawing, emptyDrawing, type Point, stroke } from './pad.ts';
import { chooseOwn } from './store.ts';

const drawing = signal<Drawing | undefined>(undefined);
const erases = signal(false);
/** Where the keyboard draws. */
const cursor = signal<Point & { readonly down: boolean }>({ x: 14, y: 14, down: false });

const ARROWS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A canvas of the network's own pixels, to draw on by mouse, finger, pen or keyboard. */
export function DrawPad() {
  const element = useRef<HTMLCanvasElement>(null);
  const last = useRef<Point>(undefined);
  const [height = 28, width = 28, channels = 1] = state.value.data?.imageShape ?? [];
  if (drawing.value?.height !== height || drawing.value.width !== width) drawing.value = emptyDrawing(height, width);
  const { values } = drawing.value;
  const light = erases.value ? 0 : 1;
  const mark = () => paint(element.current!, drawing.value!, cursor.value);
  useEffect(mark, [drawing.value, cursor.value]);

  const draw = (from: Point, to: Point) => {
    stroke(drawing.value!, from, to, light);
    drawing.value = { ...drawing.value! };
  };
  const finish = () => {
    const picture = Float32Array.from(
      { length: values.length * channels },
      (_, i) => values[Math.floor(i / channels)]!,
    );
    void chooseOwn('your drawing', picture);
  };
  const pointOf = (event: PointerEvent): Point => {
    const { left, top, width: wide, height: high } = element.current!.getBoundingClientRect();
    return { x: ((event.clientX - left) / wide) * width, y: ((event.clientY - top) / high) * height };
  };
  const lift = () => {
    if (last.current) finish();
    last.current = undefined;
  };
  const type = (event: KeyboardEvent) => {
    const by = ARROWS[event.key];
    const at = cursor.value;
    if (event.key === ' ' || event.key === 'Enter') {
      cursor.value = { ...at, down: !at.down };
      if (at.down) finish();
      else draw(at, at);
    } else if (by) {
      const to = { x: clamp(at.x + by[0], width), y: clamp(at.y + by[1], height) };
      cursor.value = { ...to, down: at.down };
      if (at.down) draw(at, to);
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        class="pad"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is drawn on by the keyboard
        tabIndex={0}
        aria-label="Draw here: arrow keys move, space puts the brush down and lifts it"
        onKeyDown={type}
        onFocus={mark}
        onBlur={mark}
      >
        <canvas
          ref={element}
          class="maps input"
          width={width}
          height={height}
          onPointerDown={event => {
            element.current!.setPointerCapture(event.pointerId);
            last.current = pointOf(event);
            draw(last.current, last.current);
          }}
          onPointerMove={event => {
            if (!last.current) return;
            const to = pointOf(event);
            draw(last.current, to);
            last.current = to;
          }}
          onPointerUp={lift}
          onPointerCancel={lift}
        />
      </div>
      <div class="buttons">
        <button
          type="button"
          class="toggle"
          aria-pressed={erases.value}
          onClick={() => {
            erases.value = !erases.value;
          }}
        >
          Eraser
        </button>
        <button
          type="button"
          onClick={() => {
            drawing.value = emptyDrawing(height, width);
          }}
        >
          Clear
        </button>
      </div>
      <p class="muted">Light on black, as large as the pad: the network knows pictures that fill it.</p>
    </>
  );
}

function clamp(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size);
}

/** The drawing, and a mark where the keyboard would draw. */
function paint(canvas: HTMLCanvasElement, { width, height, values }: Drawing, at: Point & { down: boolean }): void {
  const context = canvas.getContext('2d')!;
  const image = new ImageData(width, height);
  values.forEach((value, i) => {
    image.data.set([255 * value, 255 * value, 255 * value, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
  if (!canvas.parentElement?.matches(':focus-visible')) return;
  context.fillStyle = at.down ? 'rgb(255 150 60)' : 'rgb(90 180 240)';
  context.fillRect(Math.floor(at.x), Math.floor(at.y), 1, 1);
}
