// C[m, n] = act(sum_k A[m, k] * B[k, n] + bias[n]), A and B optionally stored transposed.
// TX * TY threads compute (TM TY) rows x (4 TQ TX) columns. For BK values of k they load both matrices' tiles into
// workgroup memory, every value once, by blocks of 4 k x 4 rows or columns: four vec4 loads a thread, transposed in
// registers where k is the contiguous axis, so that both tiles end up k after k. Then each thread reads TM / 4 + TQ
// vec4s a k for 4 TM TQ multiply-adds: at 8 x 8 a thread 16 for each vec4 read.
// Where the result has few tiles and k is long, k is split into shares: C is scratch then, one matrix a share, and
// sum_shares.wgsl adds them up in order.
// Dispatch tiles of columns x tiles of rows x shares, folded. Workgroup memory: 4 BK (rows + columns + 8) bytes.
// Needs m k and k n of at least 4. Quads are loaded where the contiguous axes of A and B are both multiples of 4, else
// scalars.
// Good for real GPUs. A software adapter keeps workgroup memory in RAM and splits the shader at barriers: it loses there.
// use: matmul_tile
const TM: u32 = 8;            // rows a thread: 4 or 8
const TQ: u32 = 2;            // quads of columns a thread
const TX: u32 = 8;            // threads along the columns
const TY: u32 = 8;            // threads along the rows
const BK: u32 = 16;           // values of k a turn
const QUADS: bool = true;
alias Quad = vec4f;
