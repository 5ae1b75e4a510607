// Made by `weft tune --ship`.
import type { ShippedTable } from './index.ts';

export const tables: readonly ShippedTable[] = [
  {
    "adapters": "lavapipe-8",
    "measured": {
      "device": "llvmpipe-llvm-15-0-6-256-bits",
      "driver": "llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1",
      "date": "2026-11-25"
    },
    "variants": {
      "conv2d n=128 h=13 w=13 cin=32 oh=11 ow=11 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 bias=1 relu=1": "stationary",
      "conv2d n=128 h=14 w=14 cin=32 oh=14 ow=14 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 bias=1 relu=1": "stationary",
      "conv2d n=128 h=28 w=28 cin=1 oh=26 ow=26 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 bias=1 relu=1": "first_layer",
      "conv2d n=128 h=5 w=5 cin=64 oh=3 ow=3 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 bias=1 relu=1": "stationary",
      "conv2d n=128 h=7 w=7 cin=64 oh=7 ow=7 cout=128 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 bias=1 relu=1": "stationary",
      "conv2d n=250 h=14 w=14 cin=32 oh=14 ow=14 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 bias=1 relu=1": "stationary",
      "conv2d n=250 h=28 w=28 cin=1 oh=26 ow=26 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 bias=1 relu=1": "first_layer",
      "conv2d n=250 h=5 w=5 cin=64 oh=3 ow=3 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 bias=1 relu=1": "stationary",
      "conv2d n=250 h=7 w=7 cin=64 oh=7 ow=7 cout=128 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 bias=1 relu=1": "stationary",
      "conv2d_input_grad n=128 h=13 w=13 cin=32 oh=11 ow=11 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0": "stationary",
      "conv2d_input_grad n=128 h=14 w=14 cin=32 oh=14 ow=14 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 mask=0": "stationary",
      "conv2d_input_grad n=128 h=5 w=5 cin=64 oh=3 ow=3 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0": "stationary",
      "conv2d_input_grad n=128 h=7 w=7 cin=64 oh=7 ow=7 cout=128 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 mask=0": "stationary",
      "conv2d_kernel_grad n=128 h=1 w=1 cin=1152 oh=1 ow=1 cout=128 kh=1 kw=1 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "matmul",
      "conv2d_kernel_grad n=128 h=1 w=1 cin=784 oh=1 ow=1 cout=256 kh=1 kw=1 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "matmul",
      "conv2d_kernel_grad n=128 h=13 w=13 cin=32 oh=11 ow=11 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "wide",
      "conv2d_kernel_grad n=128 h=14 w=14 cin=32 oh=14 ow=14 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 mask=0 db=1 accumulate=0": "wide",
      "conv2d_kernel_grad n=128 h=28 w=28 cin=1 oh=26 ow=26 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "first_layer",
      "conv2d_kernel_grad n=128 h=28 w=28 cin=1 oh=28 ow=28 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 mask=0 db=1 accumulate=0": "first_layer",
      "conv2d_kernel_grad n=128 h=5 w=5 cin=64 oh=3 ow=3 cout=64 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "wide",
      "conv2d_kernel_grad n=128 h=7 w=7 cin=64 oh=7 ow=7 cout=128 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 mask=0 db=1 accumulate=0": "wide",
      "conv2d_max_pool n=250 h=28 w=28 cin=1 oh=28 ow=28 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=1 padLeft=1 ph=14 pw=14 windowH=2 windowW=2 poolStrideH=2 poolStrideW=2 poolPadTop=0 poolPadLeft=0 bias=1 relu=1 drop=0 base=0 id=0 rate=0": "first_layer",
      "matmul ta=0 tb=0 bias=1 relu=1 accumulate=0 m=128 n=128 k=1152": "strip_pair",
      "matmul ta=0 tb=0 bias=1 relu=1 accumulate=0 m=128 n=256 k=784": "strip_pair",
      "matmul ta=0 tb=0 bias=1 relu=1 accumulate=0 m=250 n=128 k=1152": "strip_pair",
      "matmul ta=0 tb=0 bias=1 relu=1 accumulate=0 m=250 n=128 k=256": "strip_pair",
      "matmul ta=0 tb=0 bias=1 relu=1 accumulate=0 m=250 n=64 k=576": "strip_pair",
      "matmul ta=0 tb=1 bias=0 relu=0 accumulate=0 m=128 n=1152 k=128": "strip_pair",
      "max_pool2d n=128 h=26 w=26 c=32 oh=13 ow=13 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d n=250 h=14 w=14 c=64 oh=7 ow=7 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d n=250 h=26 w=26 c=32 oh=13 ow=13 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d_grad n=128 h=28 w=28 c=32 oh=14 ow=14 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=1 base=0 id=1 mask=1": "rows",
      "unary_grad size=1605632 fn=1 alpha=0 beta=0": "vec4",
      "unary_grad size=2768896 fn=1 alpha=0 beta=0": "vec4"
    }
  }
];
