// Where a pixel of a preprocessed picture comes from along one axis: shaders/preprocess.
struct Params {
  size: u32, each: u32,        // elements of the result
  h: u32, w: u32, c: u32,      // of the picture as it comes; c is 1 or 3
  side: u32,                   // of the picture that is made, which has 3 channels
  spread: u32,                 // 1: stretched over all of it, bilinear; 0: in the middle, on black
  reverse: u32,                // 1: the last channel first
  margin_h: u32, margin_w: u32,
  scale: f32,
  mean0: f32, mean1: f32, mean2: f32,
}

// Two neighbours and the share of the second; present is 0 where the picture is black.
struct Tap { first: u32, second: u32, share: f32, present: f32 }

fn tap(i: u32, length: u32, side: u32, spread: bool, margin: u32) -> Tap {
  if (!spread) {
    // In front of the picture the difference wraps around and is larger than any length.
    let at = i - margin;
    let inside = at < length;
    let safe = select(0u, at, inside);
    return Tap(safe, safe, 0, select(0.0, 1.0, inside));
  }
  // (i + 1/2) length / side - 1/2, since centres of pixels lie at halves; outside of the outermost ones the edge repeats.
  // As a fraction of integers, so that every device finds the same neighbours.
  let at = max((2 * i + 1) * length, side) - side;
  let first = at / (2 * side);
  let share = f32(at - first * 2 * side) / f32(2 * side);
  return Tap(first, min(first + 1, length - 1), share, 1);
}

// How much of pixel i of the picture is in it.
fn weight(t: Tap, i: u32) -> f32 {
  return t.present * (select(0.0, 1 - t.share, t.first == i) + select(0.0, t.share, t.second == i));
}

// The channel of the picture behind channel k of the result.
fn source(k: u32, c: u32, reverse: bool) -> u32 {
  return select(select(k, c - 1 - k, reverse), 0u, c == 1);
}
