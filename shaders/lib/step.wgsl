// What changes between steps: written by the host before each one (StepValues in src/kernels/spec.ts).
struct Step {
  seed: u32,
  step: u32,           // from 1
  rows: u32,           // real rows of the batch; 0: all
  learning_rate: f32,
}
