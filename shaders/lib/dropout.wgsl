// Which elements a dropout keeps: a pure function of (seed, step, id, element), so that no mask is stored. Needs philox
// and step.
const DOMAIN: u32 = 0x64726f70;   // "drop": keeps these draws apart from others with the same id

// The draws of elements 4 quad to 4 quad + 3 of dropout `id`.
fn drop_words(quad: u32, id: u32) -> vec4u {
  return philox4x32(vec4u(quad, step.step, id, DOMAIN), vec2u(step.seed, 0));
}

// threshold: rate * 2^24. An element is kept when the upper 24 bits of its word reach it.
fn is_kept(word: u32, threshold: u32) -> bool { return (word >> 8) >= threshold; }
fn are_kept(words: vec4u, threshold: u32) -> vec4<bool> { return (words >> vec4u(8)) >= vec4u(threshold); }
