/** What is drawn by hand: a picture of the network's size, painted with a soft brush. */
export interface Drawing {
  readonly height: number;
  readonly width: number;
  /** 0 to 1, row-major. */
  readonly values: Float32Array;
}

/** Pixels of the network's picture. */
const RADIUS = 1.5;

export function emptyDrawing(height: number, width: number): Drawing {
  return { height, width, values: new Float32Array(height * width) };
}

/** Paints light (1) or black (0) from one point to another, in pixels of the picture. */
export function stroke(drawing: Drawing, from: Point, to: Point, light: number): void {
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(to.x - from.x, to.y - from.y)));
  for (let i = 0; i <= steps; i++) {
    const share = i / steps;
    dab(drawing, { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }, light);
  }
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Full within the brush, and less over one pixel around it. */
function dab({ height, width, values }: Drawing, at: Point, light: number): void {
  for (let y = Math.max(0, Math.floor(at.y - RADIUS)); y < Math.min(height, at.y + RADIUS + 1); y++) {
    for (let x = Math.max(0, Math.floor(at.x - RADIUS)); x < Math.min(width, at.x + RADIUS + 1); x++) {
      const distance = Math.hypot(x + 0.5 - at.x, y + 0.5 - at.y);
      const cover = Math.min(1, Math.max(0, RADIUS + 0.5 - distance));
      const i = y * width + x;
      // Strokes over one another do not add up.
      values[i] = light > 0 ? Math.max(values[i]!, cover * light) : Math.min(values[i]!, 1 - cover);
    }
  }
}
