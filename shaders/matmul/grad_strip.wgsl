enable subgroups;
// A^T B: the product that sums over the rows of both, as in the gradient of a dense layer's weights and bias.
//
//   dw[m,n] = sum_k A[k,m] * B[k,n]        db[n] = sum_k B[k,n]
//
// tile:  one workgroup = one subgroup of 8 lanes: 8*MV rows of the result x 32 columns (a vec4 a lane). For KU values of
//        k it loads 8*MV values of A, MV a lane, and one vec4 of B a lane, and broadcasts A's values one after another.
// dispatch: ceil(m/(8*MV)) * ceil(n/32) * shares workgroups, folded to 2-D; then, where shares > 1, conv2d/sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share. One share is enough unless m*n is so
//        small that cores run dry (128 x 10).
// needs: subgroups of SG lanes; n a multiple of 4.
// good for: software adapters.

const SG: u32 = 8;
const MV: u32 = 2;   // rows of the result a lane loads
const KU: u32 = 2;   // values of k a step

struct Params {
  m: u32, n: u32, k: u32,
  shares: u32,
  kPerShare: u32,    // ceil(k / shares)
  bias: u32,         // 1: db is wanted too
  accumulate: u32,   // 1: add to what dw and db hold; 0 where shares > 1
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;             // [k, m]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;           // [k, n / 4]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;    // [shares, m, n / 4]
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;    // [shares, n / 4]

// Four neighbouring sums of the result, in the place of this share.
fn put(share: u32, at: u32, value: vec4f) {
  let o = (share * p.m * p.n + at) / 4;
  var v = value;
  if (p.accumulate != 0) { v += dw[o]; }
  dw[o] = v;
}

fn put_bias(share: u32, col: u32, value: vec4f) {
  let o = (share * p.n + col) / 4;
  var v = value;
  if (p.accumulate != 0) { v += db[o]; }
  db[o] = v;
}

@compute @workgroup_size(SG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let mBlocks = (p.m + SG * MV - 1) / (SG * MV);
  let nBlocks = (p.n + SG * 4 - 1) / (SG * 4);
  let id = wid.x + wid.y * nwg.x;
  if (id >= mBlocks * nBlocks * p.shares) { return; }  // uniform
  let m0 = (id % mBlocks) * (SG * MV);
  let col = ((id / mBlocks) % nBlocks) * (SG * 4) + lane * 4;
  let share = id / (mBlocks * nBlocks);

  var acc: array<array<vec4f, SG>, MV>;
  var sum = vec4f();
  let end = min((share + 1) * p.kPerShare, p.k);
  for (var k0 = share * p.kPerShare; k0 < end; k0 += KU) {
    var bv: array<vec4f, KU>;
    for (var i = 0u; i < KU; i++) {
      let ok = col < p.n && k0 + i < end;
      bv[i] = select(vec4f(), b[select(0u, ((k0 + i) * p.n + col) / 4, ok)], ok);
      sum += bv[i];
    }
    for (var v = 0u; v < MV; v++) {
      let m = m0 + v * SG + lane;
      var av: array<f32, KU>;
      for (var i = 0u; i < KU; i++) {
        let ok = m < p.m && k0 + i < end;
        av[i] = select(0.0, a[select(0u, (k0 + i) * p.m + m, ok)], ok);
      }
      for (var u = 0u; u < SG; u++) {
        var s = acc[v][u];  // a local: the sum over the step's k stays in registers
        for (var i = 0u; i < KU; i++) { s += subgroupShuffle(av[i], u) * bv[i]; }
        acc[v][u] = s;
      }
    }
  }

  for (var v = 0u; v < MV; v++) {
    for (var u = 0u; u < SG; u++) {
      let m = m0 + v * SG + u;
      if (m < p.m && col < p.n) { put(share, m * p.n + col, acc[v][u]); }
    }
  }
  if (p.bias != 0 && m0 == 0 && col < p.n) { put_bias(share, col, sum); }
}
