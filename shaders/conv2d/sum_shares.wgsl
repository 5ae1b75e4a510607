// Second pass of the split reductions: adds the sums of all shares in the order of the shares.
//
//   dw[i] (+)= sum_s dwShares[s, i]        db[i] (+)= sum_s dbShares[s, i]
//
// p.accumulate = 1 adds to what dw and db hold. Where the bias's gradient is not wanted, biasSize is 0 and dbShares and
// db are any buffers.
// dispatch: ceil((size + biasSize) / 64) workgroups, folded to 2-D. One thread one value.

struct Params {
  size: u32,
  biasSize: u32,
  shares: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dwShares: array<f32>;    // [shares, size]
@group(0) @binding(2) var<storage, read> dbShares: array<f32>;    // [shares, biasSize]
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;    // [size]
@group(0) @binding(4) var<storage, read_write> db: array<f32>;    // [biasSize]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) t: u32) {
  let i = (wid.x + wid.y * nwg.x) * 64 + t;
  if (i < p.size) {
    var sum = 0.0;
    for (var s = 0u; s < p.shares; s++) { sum += dwShares[s * p.size + i]; }
    if (p.accumulate != 0) { sum += dw[i]; }
    dw[i] = sum;
  } else if (i - p.size < p.biasSize) {
    let j = i - p.size;
    var sum = 0.0;
    for (var s = 0u; s < p.shares; s++) { sum += dbShares[s * p.biasSize + j]; }
    if (p.accumulate != 0) { sum += db[j]; }
    db[j] = sum;
  }
}
