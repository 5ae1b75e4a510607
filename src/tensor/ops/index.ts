export { type Conv2dOptions, conv2d } from './conv2d.ts';
export { type DenseOptions, dense } from './dense.ts';
export { type MatmulOptions, matmul } from './matmul.ts';
