enable subgroups;
// Kernel gradient (and bias gradient) of a convolution of any stride, four output channels a lane (shaders/lib/kernel_grad_walk.wgsl).
//
// tile:  one workgroup = one subgroup of 8 lanes: 16 input channels (a vec2 a lane) x 32 output channels (a vec4 a lane)
//        x one kernel row: STEP + 1 loads for 16 * 32 * KW multiply-adds.
//        The 16 * KW vec4 sums live on the stack, which is cheap as long as the driver unrolls the loops over them. Mesa
//        unrolls a loop only up to some 800 scalar operations: hence two sets of sums, with a loop for each.
// dispatch: ceil(cin/16) * ceil(cout/32) * kh * shares workgroups, folded to 2-D; then, where shares > 1 or the result
//        is added to what is there, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cin a multiple of 2 and cout of 4 (x is read as vec2, dY as vec4).
// good for: lavapipe, where input channels fill the tile; instead: kernel_grad_strip.wgsl for 8 of them,
//        kernel_grad_narrow.wgsl for 16 output channels.
// use: kernel_grad_walk

const SG: u32 = 8;
const KW: u32 = 3;
const STEP: u32 = 1;       // horizontal stride
const PER_LANE: u32 = 4;
alias Channels = vec4f;
