type Point = readonly [x: number, y: number];

/** Steps over which a value is averaged, in round numbers. */
const SPAN = 20;

/** Exponential moving average of a noisy line; its first values count in full until there are enough. */
export function smooth(points: readonly Point[]): Point[] {
  const keep = 1 - 1 / SPAN;
  let sum = 0;
  let weight = 0;
  return points.map(([x, y]) => {
    sum = keep * sum + y;
    weight = keep * weight + 1;
    return [x, sum / weight];
  });
}
