enable subgroups;
// Kernel gradient (and bias gradient) of a convolution of any stride, two output channels a lane (shaders/lib/kernel_grad_walk.wgsl).
//
// tile:  one workgroup = one subgroup of 8 lanes: 16 input channels (a vec2 a lane) x 16 output channels (a vec2 a lane)
//        x one kernel row: STEP + 1 loads for 16 * 16 * KW multiply-adds.
// dispatch: ceil(cin/16) * ceil(cout/16) * kh * shares workgroups, folded to 2-D; then, where shares > 1 or the result
//        is added to what is there, sum_shares.wgsl.
// result: dw and db where shares is 1; else scratch that holds them for each share.
// needs: cin and cout multiples of 2 (x and dY are read as vec2).
// good for: lavapipe, where output channels leave half of kernel_grad_wide.wgsl's lanes empty: 16 of them, as in the first
//        stage of ResNet-20, or 10 classes, which do not come in fours; instead: that one, where channels fill it, as it
//        loads less for a product.
// use: kernel_grad_walk

const SG: u32 = 8;
const KW: u32 = 3;
const STEP: u32 = 1;       // horizontal stride
const PER_LANE: u32 = 2;
alias Channels = vec2f;
