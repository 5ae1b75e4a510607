// What the batch-norm kernels share. x is [rows, inner, c], channels last; statistics are taken over rows and inner.
struct Params {
  rows: u32, inner: u32, c: u32,
  base: u32, total: u32,   // number of the first row here, rows of the whole batch
  training: u32,           // 1: statistics of the batch, padded rows do not count
  parts: u32, per: u32,    // how many shares the positions are dealt in, and positions of a share
  momentum: f32, epsilon: f32,
  residual: u32, relu: u32,   // 1: another tensor is added behind, a ReLU stands behind that
}

// Positions (row and place within it) of this slice that count.
fn valid_positions(step_rows: u32) -> u32 {
  if (p.training == 0) { return p.rows * p.inner; }
  let valid = valid_rows(step_rows, p.total);
  return min(max(valid, p.base) - p.base, p.rows) * p.inner;
}

// Positions of share `part` that count.
fn share_size(part: u32, positions: u32) -> u32 {
  let start = part * p.per;
  return min(max(positions, start) - start, p.per);
}
