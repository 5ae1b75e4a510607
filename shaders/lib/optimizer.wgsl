// What the update kernels share. Parameters live in one flat buffer, in blocks of 64 elements; a thread takes a vec4.

// Learning-rate scale and weight-decay factor of the block that vec4 number i lies in, from the segment table.
fn block_of(i: u32) -> u32 { return i / 16; }

// NaN or infinite, tested on the bits: comparisons with NaN are compiled away on some drivers.
fn not_finite(x: vec4f) -> bool {
  return any((bitcast<vec4u>(x) & vec4u(0x7f800000u)) == vec4u(0x7f800000u));
}

// What gradients are multiplied by so that their global norm is at most max_norm (0: no clipping).
fn clip_factor(max_norm: f32, squared_norm: f32) -> f32 {
  if (max_norm == 0.0) { return 1.0; }
  let norm = sqrt(squared_norm);
  return select(1.0, max_norm / norm, norm > max_norm);
}
