// Draws a grid of maps straight from a tensor's buffer. One invocation a pixel: which map, which value, which colour.
const LEVELS = 256u;
const NOT_FINITE = 0xffff00ffu;

@group(0) @binding(2) var<storage, read> ranges: array<vec2f>;
@group(0) @binding(3) var<storage, read> palettes: array<u32>;

// One triangle that covers the canvas.
@vertex
fn cover(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32((i << 1u) & 2u) * 2.0 - 1.0, f32(i & 2u) * 2.0 - 1.0, 0.0, 1.0);
}

fn level(value: f32, range: vec2f) -> u32 {
  // Where all values are one: the middle has a meaning only in the diverging palette.
  let even = select(0.0, 0.5, grid.palette == DIVERGING);
  let share = select(even, (value - range.x) / (range.y - range.x), range.y > range.x);
  return u32(clamp(share, 0.0, 1.0) * f32(LEVELS - 1u) + 0.5);
}

@fragment
fn paint(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let at = vec2u(position.xy);
  let pitch = vec2u(grid.width, grid.height) * grid.scale + grid.gap;
  let tile = at / pitch;
  let inside = (at % pitch) / grid.scale;
  let map = tile.y * grid.columns + tile.x;
  if (inside.x >= grid.width || inside.y >= grid.height || tile.x >= grid.columns || map >= grid.count) {
    return vec4f();
  }
  var range = vec2f(grid.low, grid.high);
  if (grid.ranged > 0u) {
    range = ranges[select(0u, map, grid.ranged == 2u)];
  }
  let index = grid.start + map * grid.map + inside.y * grid.row + inside.x * grid.column;
  if (grid.palette == RGB) {
    let last = f32(LEVELS - 1u);
    let red = level(values[index], range);
    let green = level(values[index + grid.channel], range);
    let blue = level(values[index + 2u * grid.channel], range);
    return vec4f(f32(red) / last, f32(green) / last, f32(blue) / last, 1.0);
  }
  let value = values[index];
  let colour = select(NOT_FINITE, palettes[grid.palette * LEVELS + level(value, range)], is_finite(value));
  return unpack4x8unorm(colour);
}
