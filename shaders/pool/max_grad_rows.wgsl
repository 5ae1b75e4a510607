// dx of max pooling whose windows do not overlap (stride >= window): max_grad_cells.wgsl, four channels at a time.
//
// The picture falls into cells of stride x stride pixels, each with one window. One workgroup takes one row of cells of
// one image, lane after lane of 4 channels: it reads dy and the word of four taps once and writes the whole cell. A
// thread divides once a row. Dispatch n * cells_h, folded; cells_h = ceil((h + pad_top) / stride_h).
// Needs c % 4 == 0 and windows of at most 255 taps. Good for software adapters; a GPU wants more than 8 lanes.
// use: pool
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;          // [n, oh, ow, c / 4]
@group(0) @binding(2) var<storage, read> taps: array<u32>;          // [n, words]
@group(0) @binding(3) var<storage, read> y: array<vec4f>;           // [n, oh, ow, c / 4]; any buffer without mask
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;    // [n, h, w, c / 4]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let cells_h = (p.h + p.pad_top + p.stride_h - 1) / p.stride_h;
  let cells_w = (p.w + p.pad_left + p.stride_w - 1) / p.stride_w;
  let row = wid.x + wid.y * nwg.x;
  if (row >= p.n * cells_h) { return; }
  let image = row / cells_h;
  let oy = row % cells_h;
  let c4 = p.c / 4;
  let top = oy * p.stride_h;
  let bottom = min(top + p.stride_h, p.h + p.pad_top);
  for (var c = lane; c < c4; c += 8u) {
    for (var ox = 0u; ox < cells_w; ox++) {
      let left = ox * p.stride_w;
      let right = min(left + p.stride_w, p.w + p.pad_left);
      // The last cells may have no window: their pixels are zero whatever the word says.
      let has_window = oy < p.oh && ox < p.ow;
      let at = select(0u, (oy * p.ow + ox) * c4 + c, has_window);
      let from_y = image * p.oh * p.ow * c4 + at;
      var gradient = select(vec4f(), dy[from_y] * p.scale, has_window);
      if (p.mask == 1) { gradient = select(gradient, vec4f(), y[from_y] <= vec4f()); }
      let winner = (vec4u(taps[image * p.words + at]) >> vec4u(0, 8, 16, 24)) & vec4u(255);
      for (var ty = max(top, p.pad_top); ty < bottom; ty++) {
        for (var tx = max(left, p.pad_left); tx < right; tx++) {
          // Pixels of the cell behind the window have no tap; a tap of the next row must not be taken for theirs.
          let inside = ty - top < p.kh && tx - left < p.kw;
          let tap = select(0xffffffffu, (ty - top) * p.kw + tx - left, inside);
          dx[((image * p.h + ty - p.pad_top) * p.w + tx - p.pad_left) * c4 + c] =
            select(vec4f(), gradient, winner == vec4u(tap));
        }
      }
    }
  }
}
