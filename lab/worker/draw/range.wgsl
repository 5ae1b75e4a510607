// Smallest and largest value of each map, or of all: one workgroup for each range, written to ranges[workgroup].
const THREADS = 64u;
const LARGEST = 3.4e38;

@group(0) @binding(2) var<storage, read_write> ranges: array<vec2f>;

var<workgroup> lows: array<f32, THREADS>;
var<workgroup> highs: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let pixels = grid.width * grid.height;
  let channels = select(1u, 3u, grid.palette == RGB);
  let each = grid.ranged == 2u;
  let first = select(0u, group.x, each);
  let maps = select(grid.count, 1u, each);
  var low = LARGEST;
  var high = -LARGEST;
  for (var i = thread; i < maps * pixels * channels; i += THREADS) {
    let map = first + (i / pixels) % maps;
    let pixel = i % pixels;
    let channel = i / (pixels * maps);
    let index = grid.start + map * grid.map + pixel / grid.width * grid.row + pixel % grid.width * grid.column;
    let value = values[index + channel * grid.channel];
    // What is not finite has a colour of its own and must not stretch the others.
    if (is_finite(value)) {
      low = min(low, value);
      high = max(high, value);
    }
  }
  lows[thread] = low;
  highs[thread] = high;
  workgroupBarrier();
  if (thread > 0u) {
    return;
  }
  for (var i = 1u; i < THREADS; i++) {
    low = min(low, lows[i]);
    high = max(high, highs[i]);
  }
  if (grid.palette == DIVERGING) {
    high = max(abs(low), abs(high));
    low = -high;
  }
  ranges[group.x] = vec2f(low, high);
}
