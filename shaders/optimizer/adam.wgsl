// Adam for all parameters at once (Kingma and Ba, 2015; AMSGrad: Reddi et al., 2018; decoupled decay: Loshchilov and
// Hutter, 2019), with Keras's epsilon outside the root:
//   m += (1 - beta1) (g - m);  v += (1 - beta2) (g^2 - v);  vmax = max(vmax, v)
//   w -= rate * decay * w;     w -= rate sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
// One thread a vec4; a block whose learning-rate scale is 0 is frozen: nothing of it is read further or written.
// Dispatch ceil(blocks * 16 / 64), folded. Bound by memory.
// use: grid, step, optimizer
struct Params {
  vectors: u32,       // blocks * 16
  amsgrad: u32,
  one_minus_beta1: f32, one_minus_beta2: f32,
  epsilon: f32,
  log_beta1: f32, log_beta2: f32,   // natural logarithms, by the host: WGSL's are too coarse near 1
  decay: f32,         // weight decay
  max_norm: f32,      // clip the global norm of the gradients; 0: do not
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;          // [blocks, 64]
@group(0) @binding(3) var<storage, read> segments: array<vec2f>;           // [blocks] learning-rate scale, decay factor
@group(0) @binding(4) var<storage, read> squared_norm: array<f32>;         // [1]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;   // [blocks, 64]
@group(0) @binding(6) var<storage, read_write> m: array<vec4f>;            // [blocks, 64]
@group(0) @binding(7) var<storage, read_write> v: array<vec4f>;            // [blocks, 64]
@group(0) @binding(8) var<storage, read_write> vmax: array<vec4f>;         // [blocks, 64], AMSGrad only
@group(0) @binding(9) var<storage, read_write> flag: array<u32>;           // [1] 1: a gradient was not finite

// 1 - exp(x) for x <= 0. Near 0 the difference would cancel, so there it is summed: -(x + x^2/2 + x^3/6 + ...).
fn one_minus_exp(x: f32) -> f32 {
  if (x < -0.5) { return 1.0 - exp(x); }
  var tail = 1.0;
  for (var k = 9u; k > 1; k--) { tail = 1.0 + x / f32(k) * tail; }
  return -x * tail;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_thread(gid, groups, 64);
  if (i >= p.vectors) { return; }
  let segment = segments[block_of(i)];
  if (segment.x == 0.0) { return; }
  var g = gradients[i];
  // Every thread that stores here stores the same 1.
  if (not_finite(g)) { flag[0] = 1; }
  if (p.max_norm > 0.0) { g *= clip_factor(p.max_norm, squared_norm[0]); }

  let t = f32(step.step);
  let rate = step.learning_rate * segment.x;
  let corrected = rate * sqrt(one_minus_exp(t * p.log_beta2)) / one_minus_exp(t * p.log_beta1);
  let m_new = m[i] + p.one_minus_beta1 * (g - m[i]);
  let v_new = v[i] + p.one_minus_beta2 * (g * g - v[i]);
  m[i] = m_new;
  v[i] = v_new;
  var second = v_new;
  if (p.amsgrad == 1) {
    second = max(vmax[i], v_new);
    vmax[i] = second;
  }
  let w = parameters[i];
  parameters[i] = w - rate * p.decay * segment.y * w - corrected * m_new / (sqrt(second) + p.epsilon);
}
