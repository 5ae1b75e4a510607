// out[i] = value.  One element at a time; dispatch ceil(size / (64 each)), folded.
// use: elements
struct Params { size: u32, each: u32, value: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;  // [size]

fn element(i: u32) {
  out[i] = p.value;
}
