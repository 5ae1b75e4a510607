// Stochastic gradient descent for all parameters at once, with momentum and Nesterov's look-ahead as Keras has them:
//   w -= rate * decay * w
//   without momentum: w -= rate g;   with: v = momentum v - rate g, w += v, or w += momentum v - rate g (Nesterov)
// One thread a vec4; a block whose learning-rate scale is 0 is frozen. Dispatch ceil(blocks * 16 / 64), folded.
// use: grid, step, optimizer
struct Params {
  vectors: u32,    // blocks * 16
  nesterov: u32,
  momentum: f32,   // 0: no velocity is kept
  decay: f32,      // weight decay
  max_norm: f32,   // clip the global norm of the gradients; 0: do not
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;          // [blocks, 64]
@group(0) @binding(3) var<storage, read> segments: array<vec2f>;           // [blocks] learning-rate scale, decay factor
@group(0) @binding(4) var<storage, read> squared_norm: array<f32>;         // [1]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;   // [blocks, 64]
@group(0) @binding(6) var<storage, read_write> velocity: array<vec4f>;     // [blocks, 64]
@group(0) @binding(7) var<storage, read_write> flag: array<u32>;           // [1] 1: a gradient was not finite

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

  let rate = step.learning_rate * segment.x;
  var change = -rate * g;
  if (p.momentum > 0.0) {
    let v = p.momentum * velocity[i] - rate * g;
    velocity[i] = v;
    if (p.nesterov == 1) { change += p.momentum * v; } else { change = v; }
  }
  let w = parameters[i];
  parameters[i] = w - rate * p.decay * segment.y * w + change;
}
