enable subgroups;
// A^T B: the product that sums over the rows of both, as in the gradient of a dense layer's weights and bias.
//
//   dw[m,n] = sum_k A[k,m] * B[k,n]        db[n] = sum_k B[k,n]
//
// tile:  one workgroup = one subgroup of 8 lanes: 32 rows of the result (a vec4 of A a lane) x 64 columns (a vec4 a lane
//        of each half). A value of k takes three loads for 32 x 64 multiply-adds. The 64 vec4 sums live on the stack; Mesa
//        unrolls a loop only up to some 800 scalar operations: hence eight sets of sums, with a loop for each.
// dispatch: ceil(m/32) * ceil(n/64) * shares workgroups, folded to 2-D; then, where shares > 1 or the result is added to
//        what is there, conv2d/sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: subgroups of SG lanes; m and n multiples of 4.
// good for: software adapters; instead: grad_strip.wgsl for other m and for small results.

const SG: u32 = 8;

struct Params {
  m: u32, n: u32, k: u32,
  shares: u32,
  kPerShare: u32,    // ceil(k / shares)
  bias: u32,         // 1: db is wanted too
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;           // [k, m / 4]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;           // [k, n / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;    // [shares, m, n / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;    // [shares, n / 4]

alias Sums = array<vec4f, SG>;   // of one of the four rows of each lane

fn add(acc: ptr<function, Sums>, row: f32, columns: vec4f) {
  for (var u = 0u; u < SG; u++) { (*acc)[u] += subgroupShuffle(row, u) * columns; }
}

// Stores the sums of rows first, first + 4, ...
fn put(acc: ptr<function, Sums>, first: u32, share: u32, col: u32) {
  if (col >= p.n) { return; }
  // Mesa unrolls this loop. Rolled, it would compile in a third of the time, but the product would run slower.
  let rows = (max(p.m, first) - first + 3) / 4;
  for (var u = 0u; u < min(SG, rows); u++) { dw[((share * p.m + first + 4 * u) * p.n + col) / 4] = (*acc)[u]; }
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let mBlocks = (p.m + SG * 4 - 1) / (SG * 4);
  let nBlocks = (p.n + SG * 8 - 1) / (SG * 8);
  let id = wid.x + wid.y * nwg.x;
  if (id >= mBlocks * nBlocks * p.shares) { return; }  // uniform
  let m0 = (id % mBlocks) * (SG * 4);
  let left = ((id / mBlocks) % nBlocks) * (SG * 8) + lane * 4;
  let right = left + SG * 4;
  let share = id / (mBlocks * nBlocks);
  let m = m0 + lane * 4;

  var left0: Sums;
  var left1: Sums;
  var left2: Sums;
  var left3: Sums;
  var right0: Sums;
  var right1: Sums;
  var right2: Sums;
  var right3: Sums;
  var leftSum = vec4f();
  var rightSum = vec4f();
  let end = min((share + 1) * p.kPerShare, p.k);
  for (var k = share * p.kPerShare; k < end; k++) {
    // Rows and columns past the end are not stored; they only must not be read.
    let rows = a[(k * p.m + min(m, p.m - 4)) / 4];
    let b0 = b[(k * p.n + min(left, p.n - 4)) / 4];
    let b1 = b[(k * p.n + min(right, p.n - 4)) / 4];
    leftSum += b0;
    rightSum += b1;
    add(&left0, rows.x, b0);
    add(&left1, rows.y, b0);
    add(&left2, rows.z, b0);
    add(&left3, rows.w, b0);
    add(&right0, rows.x, b1);
    add(&right1, rows.y, b1);
    add(&right2, rows.z, b1);
    add(&right3, rows.w, b1);
  }

  put(&left0, m0, share, left);
  put(&left1, m0 + 1, share, left);
  put(&left2, m0 + 2, share, left);
  put(&left3, m0 + 3, share, left);
  put(&right0, m0, share, right);
  put(&right1, m0 + 1, share, right);
  put(&right2, m0 + 2, share, right);
  put(&right3, m0 + 3, share, right);
  if (p.bias != 0 && m0 == 0) {
    if (left < p.n) { db[(share * p.n + left) / 4] = leftSum; }
    if (right < p.n) { db[(share * p.n + right) / 4] = rightSum; }
  }
}
