enable f16;
// workgroup_tile.wgsl with tiles of half the width: values are rounded to f16 as they are stored into workgroup memory,
// products and sums are f32. Half the workgroup memory and half its traffic, so more workgroups fit a core.
// Dispatch and needs as there; workgroup memory: 2 KiB (1 + TM / 4).
// Values beyond 65504 become infinite, those below 6e-8 zero: for activations and weights. Gradients would vanish.
// Good for GPUs that widen f16 operands for nothing.
// use: conv_gather, conv_tile
const TM: u32 = 4;   // pixels a thread: 4 or 8
const QUADS: bool = true;
alias Quad = vec4<f16>;
