// What both shaders know: how a tensor's values are laid out as maps, and the maps on the canvas. See grid.ts.
struct Grid {
  start: u32, map: u32, row: u32, column: u32,
  channel: u32, count: u32, width: u32, height: u32,
  columns: u32, scale: u32, gap: u32, palette: u32,
  // 0: from low and high below; 1: ranges[0]; 2: ranges[map].
  ranged: u32, low: f32, high: f32, unused: u32,
}

const DIVERGING = 2u;
const RGB = 3u;

@group(0) @binding(0) var<uniform> grid: Grid;
@group(0) @binding(1) var<storage, read> values: array<f32>;

// A comparison would not do: drivers take x == x for true.
fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}
