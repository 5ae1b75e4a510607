/**
 * Where everything of a roofline plot lies: S. Williams, A. Waterman, D. Patterson, "Roofline: An Insightful Visual
 * Performance Model" (2009). Speed over operations for each byte that must move, both by powers of ten: under the slope memory
 * is the limit, under the flat part arithmetic.
 */
import { decades, logScale, round } from './svg.ts';

export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What the device can do at most. */
export interface Roof {
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

export interface RooflinePlot {
  readonly x: (intensity: number) => number;
  readonly y: (gflops: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  readonly roof: RoofLines | undefined;
}

export interface RoofLines {
  /** Of an SVG path: the slope, then the flat part. */
  readonly path: string;
  /** End of the flat part, where its text ends. */
  readonly peak: readonly [x: number, y: number];
  /** Middle of the slope, and its direction in degrees, for a text along it. */
  readonly slope: { readonly x: number; readonly y: number; readonly angle: number };
}

/** @param points at least one, or a roof; all above 0. */
export function placeRoofline(
  points: readonly { readonly intensity: number; readonly gflops: number }[],
  roof: Roof | undefined,
  { left, right, top, bottom }: Frame,
): RooflinePlot {
  const xs = points.map(({ intensity }) => intensity);
  const ys = points.map(({ gflops }) => gflops);
  if (roof) {
    // The bend belongs into the picture: without it there is no roof.
    xs.push(roof.gflops / roof.gigabytesPerSecond);
    ys.push(roof.gflops * 1.3);
  }
  const xTicks = decades(Math.min(...xs), Math.max(...xs));
  const yTicks = decades(Math.min(...ys), Math.max(...ys));
  const x = logScale([xTicks[0]!, xTicks[xTicks.length - 1]!], [left + 4, right]);
  const y = logScale([yTicks[0]!, yTicks[yTicks.length - 1]!], [bottom, top]);
  return { x, y, xTicks, yTicks, roof: roof && roofLines(roof, xTicks, yTicks, x, y) };
}

function roofLines(
  { gflops, gigabytesPerSecond }: Roof,
  xTicks: readonly number[],
  yTicks: readonly number[],
  x: (value: number) => number,
  y: (value: number) => number,
): RoofLines {
  const [low, high] = [xTicks[0]!, xTicks[xTicks.length - 1]!];
  const bend = gflops / gigabytesPerSecond;
  const start = Math.max(low, yTicks[0]! / gigabytesPerSecond);
  const at = Math.sqrt(start * bend);
  return {
    path: `M${round(x(start))} ${round(y(start * gigabytesPerSecond))}L${round(x(bend))} ${round(y(gflops))}L${round(x(high))} ${round(y(gflops))}`,
    peak: [x(high), y(gflops)],
    slope: {
      ...{ x: x(at), y: y(at * gigabytesPerSecond) },
      angle: (Math.atan2(y(bend) - y(bend / 10), x(bend) - x(bend / 10)) * 180) / Math.PI,
    },
  };
}
