// Implicit GEMM through workgroup memory: the convolution, or its input gradient, as a matrix product whose rows are
// result pixels, whose columns are result channels, summed over k = (tap, source channel). The left matrix is never
// written down: its tiles are gathered (shaders/lib/conv_gather.wgsl).
// 256 threads compute (16 TM) pixels x 64 channels; for 16 values of k they load both matrices' tiles into workgroup
// memory, every value once (vec4s along k on the left, along channels on the right), and each thread multiplies TM
// pixels with 4 channels: 4 + TM reads of vec4 for 16 TM multiply-adds. Where channels come in fours (QUADS), a thread
// finds its tap once and loads a vec4, else it does so for each of four scalars.
// Dispatch one workgroup for each tile, channels first, folded. Workgroup memory: 4 KiB (1 + TM / 4): 8 KiB for TM = 4.
// Needs at least 4 values in source and kernel.
// Good for real GPUs. A software adapter keeps workgroup memory in RAM and splits the shader at barriers: it loses there.
// use: conv_gather, conv_tile
const TM: u32 = 4;   // pixels a thread: 4 or 8
const QUADS: bool = true;
alias Quad = vec4f;
