// Gradients of a dense layer y = act(x w + b), all three in one dispatch, with dz what dy is before the activation:
//   dx[n, k] = sum_m dz[n, m] w[k, m];  dw[k, m] = sum_n x[n, k] dz[n, m];  db[m] = sum_n dz[n, m]
//   dz = mask ? (y <= 0 ? 0 : dy scale) : dy, for a ReLU and a dropout behind it (what was dropped is 0, too).
// The reference variant: one thread an element of dx, dw or db, in that order. Every shape, every device.
// Dispatch ceil((n k + k m + m) / 64), folded.
// use: grid, dense_gradient
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [n, k]
@group(0) @binding(2) var<storage, read> w: array<f32>;          // [k, m]
@group(0) @binding(3) var<storage, read> y: array<f32>;          // [n, m]; any buffer without mask
@group(0) @binding(4) var<storage, read> dy: array<f32>;         // [n, m]
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;   // [n, k]
@group(0) @binding(6) var<storage, read_write> dw: array<f32>;   // [k, m]
@group(0) @binding(7) var<storage, read_write> db: array<f32>;   // [m]

fn dz(at: u32) -> f32 {
  if (p.mask == 0) { return dy[at]; }
  return select(dy[at] * p.scale, 0.0, y[at] <= 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  var i = flat_thread(gid, groups, 64);
  let of_x = p.dx * p.n * p.k;
  if (i < of_x) {
    let row = i / p.k;
    let column = i % p.k;
    var sum = 0.0;
    for (var t = 0u; t < p.m; t++) { sum += dz(row * p.m + t) * w[column * p.m + t]; }
    dx[i] = sum;
    return;
  }
  i -= of_x;
  if (i < p.k * p.m) {
    let row = i / p.m;
    let column = i % p.m;
    var sum = 0.0;
    for (var t = 0u; t < p.n; t++) { sum += x[t * p.k + row] * dz(t * p.m + column); }
    if (p.accumulate == 1) { sum += dw[i]; }
    dw[i] = sum;
    return;
  }
  i -= p.k * p.m;
  if (i < p.db * p.m) {
    var sum = 0.0;
    for (var t = 0u; t < p.n; t++) { sum += dz(t * p.m + i); }
    if (p.accumulate == 1) { sum += db[i]; }
    db[i] = sum;
  }
}
