// Philox 4x32-10 (Salmon et al., SC11), the same bits as src/kernels/philox.ts: four random words for a counter and a key.
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let factors = vec2u(0xd2511f53u, 0xcd9e8d57u);
    let high = multiply_high(factors, x.xz);
    let low = factors * x.xz;
    x = vec4u(high.y ^ x.y ^ k.x, low.y, high.x ^ x.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// Upper 32 bits of each product, by halves: WGSL has no wide multiplication.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carried = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carried >> vec2u(16u));
}
