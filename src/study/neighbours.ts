/** How well points in the plane keep who is near whom among the rows of numbers that they stand for. */
import type { Matrix } from './matrix.ts';

/** For each row the others, the nearest first, by Euclidean distance; among equals the first. [rows, rows - 1]. */
export function neighbourOrder({ rows, columns, values }: Matrix): Uint32Array {
  const order = new Uint32Array(rows * (rows - 1));
  const distances = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += (values[i * columns + k]! - values[j * columns + k]!) ** 2;
      distances[j] = sum;
    }
    const others = Uint32Array.from({ length: rows - 1 }, (_, j) => (j < i ? j : j + 1));
    order.set(
      others.sort((a, b) => distances[a]! - distances[b]! || a - b),
      i * (rows - 1),
    );
  }
  return order;
}

/**
 * Share of the rows whose class is the most frequent one among their k nearest neighbours; among equally frequent ones the
 * class of the nearest. What a picture of the points shows of the classes; chance is about the share of the largest class.
 */
export function neighbourAccuracy(order: Uint32Array, labels: ArrayLike<number>, k: number): number {
  const rows = labels.length;
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const votes = new Map<number, number>();
    for (let r = 0; r < k; r++) {
      const label = labels[order[i * (rows - 1) + r]!]!;
      votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    // A map keeps the order in which its keys came: the nearest first.
    const most = Math.max(...votes.values());
    const winner = [...votes].find(([, count]) => count === most)![0];
    right += Number(winner === labels[i]);
  }
  return right / rows;
}

/**
 * 1 when the k nearest neighbours of every point are among the k nearest of its row; less by how far away the strangers among
 * them are. About 0.5 for points at random. J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods"
 * (2001). For k below half of the rows.
 * @param rows order of the rows. @param points order of the points that stand for them.
 */
export function trustworthiness(rows: Uint32Array, points: Uint32Array, k: number): number {
  const n = Math.round((1 + Math.sqrt(1 + 4 * rows.length)) / 2);
  const rank = new Uint32Array(n);
  let penalty = 0;
  for (let i = 0; i < n; i++) {
    const start = i * (n - 1);
    for (let r = 0; r < n - 1; r++) rank[rows[start + r]!] = r + 1;
    for (let r = 0; r < k; r++) penalty += Math.max(0, rank[points[start + r]!]! - k);
  }
  return 1 - (2 / (n * k * (2 * n - 3 * k - 1))) * penalty;
}
