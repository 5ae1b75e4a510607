// What the device can move at most: each thread copies PER_THREAD vec4, neighbours in a workgroup next to each other.
// Dispatch: ceil(size / (64 * PER_THREAD)) workgroups.

const PER_THREAD: u32 = 4;

struct Params {
  size: u32, // in vec4
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4f>; // [size]
@group(0) @binding(2) var<storage, read_write> copy: array<vec4f>; // [size]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * 64u * PER_THREAD + lane;
  for (var i = 0u; i < PER_THREAD; i++) {
    let at = first + 64u * i;
    if at < p.size {
      copy[at] = source[at];
    }
  }
}
