// out[i] = f(a[i], b[i]) for tensors of one shape.  Four elements at a time: a fourth of the index arithmetic and of the
// checks of bounds. Needs size % 4 == 0, p.size counts fours. Dispatch ceil(size / (64 each)), folded.
// use: elements, binary
const FN: u32 = 0;
struct Params { size: u32, each: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;           // [size]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;           // [size]
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;   // [size]

fn element(i: u32) {
  let x = a[i];
  let y = b[i];
  out[i] = vec4f(binary(FN, x.x, y.x), binary(FN, x.y, y.y), binary(FN, x.z, y.z), binary(FN, x.w, y.w));
}
