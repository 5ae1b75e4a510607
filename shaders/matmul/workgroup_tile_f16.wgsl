enable f16;
// workgroup_tile.wgsl with tiles of half the width: A and B are rounded to f16 as they are stored into workgroup memory,
// products and sums are f32. Half the workgroup memory and half its traffic, so more workgroups fit a core.
// Dispatch and needs as there; workgroup memory: 2 BK (rows + columns + 8) bytes.
// Values beyond 65504 become infinite, those below 6e-8 zero: for forward products, whose operands are of the size of
// activations and weights. Gradients would vanish.
// Good for GPUs that widen f16 operands for nothing.
// use: matmul_tile
const TM: u32 = 8;            // rows a thread: 4 or 8
const TQ: u32 = 2;            // quads of columns a thread
const TX: u32 = 8;            // threads along the columns
const TY: u32 = 8;            // threads along the rows
const BK: u32 = 16;           // values of k a turn
const QUADS: bool = true;
alias Quad = vec4<f16>;
