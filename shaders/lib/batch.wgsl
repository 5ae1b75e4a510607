// Rows of a batch of `total` that count: the rest is padding.
fn valid_rows(rows: u32, total: u32) -> u32 {
  return select(rows, total, rows == 0 || rows > total);
}
