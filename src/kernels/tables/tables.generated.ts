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
      "conv2d n=128 h=28 w=28 cin=1 oh=26 ow=26 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 bias=1 relu=1": "first_layer",
      "conv2d n=250 h=28 w=28 cin=1 oh=26 ow=26 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 bias=1 relu=1": "first_layer",
      "conv2d_kernel_grad n=128 h=1 w=1 cin=128 oh=1 ow=1 cout=10 kh=1 kw=1 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "register_4x4",
      "conv2d_kernel_grad n=128 h=1 w=1 cin=256 oh=1 ow=1 cout=128 kh=1 kw=1 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "product",
      "conv2d_kernel_grad n=128 h=1 w=1 cin=576 oh=1 ow=1 cout=64 kh=1 kw=1 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "product",
      "conv2d_kernel_grad n=128 h=1 w=1 cin=64 oh=1 ow=1 cout=10 kh=1 kw=1 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "register_4x4",
      "conv2d_kernel_grad n=128 h=1 w=1 cin=784 oh=1 ow=1 cout=256 kh=1 kw=1 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "product",
      "conv2d_kernel_grad n=128 h=28 w=28 cin=1 oh=26 ow=26 cout=32 kh=3 kw=3 strideH=1 strideW=1 dilationH=1 dilationW=1 padTop=0 padLeft=0 mask=0 db=1 accumulate=0": "first_layer",
      "gather_batch images=60000 base=0 total=60000 size=784 batch=128 channels=1 labels=1 mean0=0 mean1=0 mean2=0 mean3=0": "words",
      "gather_batch images=60000 base=0 total=60000 size=784 batch=250 channels=1 labels=1 mean0=0 mean1=0 mean2=0 mean3=0": "words",
      "matmul ta=0 tb=0 bias=1 relu=0 accumulate=0 m=128 n=10 k=128": "strip_16",
      "matmul ta=0 tb=0 bias=1 relu=0 accumulate=0 m=128 n=10 k=64": "strip_16",
      "matmul ta=0 tb=0 bias=1 relu=0 accumulate=0 m=250 n=10 k=128": "strip_16",
      "matmul ta=0 tb=0 bias=1 relu=0 accumulate=0 m=250 n=10 k=64": "strip_16",
      "matmul ta=0 tb=1 bias=0 relu=0 accumulate=0 m=128 n=128 k=10": "register_4x4",
      "matmul ta=0 tb=1 bias=0 relu=0 accumulate=0 m=128 n=64 k=10": "register_4x4",
      "max_pool2d n=128 h=11 w=11 c=64 oh=5 ow=5 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d n=128 h=26 w=26 c=32 oh=13 ow=13 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d n=250 h=11 w=11 c=64 oh=5 ow=5 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d n=250 h=26 w=26 c=32 oh=13 ow=13 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d_grad n=128 h=11 w=11 c=64 oh=5 ow=5 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "max_pool2d_grad n=128 h=26 w=26 c=32 oh=13 ow=13 kh=2 kw=2 strideH=2 strideW=2 padTop=0 padLeft=0 drop=0 base=0 id=0 rate=0": "rows",
      "softmax_cross_entropy rows=128 n=10 base=0 total=128 weighted=0 gradient=1 accumulate=0 totals=1 smoothing=0": "one_workgroup"
    }
  }
];
