// a / b for a below 2^31, b > 0 and quotients below 2^22: by a float quotient, which vector units have, where dividing
// integers takes a software adapter one lane after the other (and so does converting unsigned ones). The float is off by
// less than one, so one step up or down makes it exact.
fn divide(a: u32, b: u32) -> u32 {
  let near = u32(i32(f32(i32(a)) / f32(i32(b))));
  let low = near - select(0u, 1u, near * b > a);
  return low + select(0u, 1u, a - low * b >= b);
}
