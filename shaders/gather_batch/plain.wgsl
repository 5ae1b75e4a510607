// batch[b, i] = (images[indices[b], i] - mean[c]) * scale[c], images stored as bytes, c = i % channels; and the labels.
// The reference variant: one thread a value, one load of the word that holds its byte. Any image size.
// A data set larger than a binding comes in slices: each dispatch writes the rows whose image lies in its slice.
// Dispatch ceil(batch * size / 64), folded.
// use: grid
struct Params {
  images: u32,   // images in this slice
  base: u32,     // number of its first image
  total: u32,    // images in all: an index from there on gives NaN
  size: u32,     // values of an image
  batch: u32,
  channels: u32, // 1 to 4; 1 also when all channels share mean and scale
  labels: u32,   // 1: labels are wanted
  nan: u32,      // bits of a NaN
  mean: vec4f,
  scale: vec4f,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;               // [images, size] bytes, 4 a word
@group(0) @binding(2) var<storage, read> labels: array<u32>;               // [images] bytes, 4 a word
@group(0) @binding(3) var<storage, read> indices: array<u32>;              // [batch]
@group(0) @binding(4) var<storage, read_write> batch: array<f32>;          // [batch, size]
@group(0) @binding(5) var<storage, read_write> batch_labels: array<u32>;   // [batch]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.batch * p.size) { return; }
  let row = i / p.size;
  let index = indices[row];
  if (index >= p.total) {
    if (p.base == 0) { batch[i] = bitcast<f32>(p.nan); }
    if (p.base == 0 && p.labels == 1 && i == row * p.size) { batch_labels[row] = 0xffffffffu; }
    return;
  }
  let image = index - p.base;
  if (index < p.base || image >= p.images) { return; }
  let place = i % p.size;
  let c = place % p.channels;
  let at = image * p.size + place;
  let byte = (images[at / 4] >> (8 * (at % 4))) & 0xff;
  batch[i] = (f32(byte) - p.mean[c]) * p.scale[c];
  if (p.labels == 1 && place == 0) { batch_labels[row] = (labels[image / 4] >> (8 * (image % 4))) & 0xff; }
}
