// batch[b, i] = (images[indices[b], i] - mean[c]) * scale[c], images stored as bytes, c = i % channels; and the labels.
// One thread takes a whole word, four bytes of one image: an index and a word are loaded once for four values.
// For images of a multiple of 4 values. Dispatch ceil(batch * size / 4 / 64), folded.
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
@group(0) @binding(4) var<storage, read_write> batch: array<vec4f>;        // [batch, size / 4]
@group(0) @binding(5) var<storage, read_write> batch_labels: array<u32>;   // [batch]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  let words = p.size / 4;
  if (i >= p.batch * words) { return; }
  let row = i / words;
  let place = i % words;
  let index = indices[row];
  if (index >= p.total) {
    if (p.base == 0) { batch[i] = vec4f(bitcast<f32>(p.nan)); }
    if (p.base == 0 && p.labels == 1 && place == 0) { batch_labels[row] = 0xffffffffu; }
    return;
  }
  let image = index - p.base;
  if (index < p.base || image >= p.images) { return; }
  let bytes = vec4f(unpack4xU8(images[image * words + place]));
  var mean = vec4f(p.mean.x);
  var scale = vec4f(p.scale.x);
  if (p.channels > 1) {
    let c = (vec4u(4 * place) + vec4u(0, 1, 2, 3)) % p.channels;
    mean = vec4f(p.mean[c.x], p.mean[c.y], p.mean[c.z], p.mean[c.w]);
    scale = vec4f(p.scale[c.x], p.scale[c.y], p.scale[c.z], p.scale[c.w]);
  }
  batch[i] = (bytes - mean) * scale;
  if (p.labels == 1 && place == 0) { batch_labels[row] = (labels[image / 4] >> (8 * (image % 4))) & 0xff; }
}
