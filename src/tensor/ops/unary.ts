import type { Sampler } from '../../kernels/sampler.ts';
import { UNARY_NAMES, type UnaryName, unaryFunction, unaryGradKernel, unaryKernel } from '../../kernels/unary.ts';
import { ValueError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

/** f(x) elementwise; its gradient is one kernel too, from x or from the result. */
function unary(op: string, x: Tensor, name: UnaryName, alpha = 0, beta = 0): Tensor {
  const p = { size: x.size, fn: UNARY_NAMES.indexOf(name), alpha, beta };
  const y = compute(unaryKernel, p, { x }, x.shape);
  return x.engine.record(op, [x], y, ({ dy, into }) => [
    name === 'affine'
      ? compute(unaryKernel, { ...p, beta: 0 }, { x: dy }, x.shape, into[0])
      : compute(unaryGradKernel, p, { saved: unaryFunction(name).saved === 'x' ? x : y, dy }, x.shape, into[0]),
  ]);
}

/** scale * x + shift with plain numbers. */
export function affine(x: Tensor, scale: number, shift = 0): Tensor {
  return unary('affine', x, 'affine', scale, shift);
}

/** x where it is positive, else 0; the gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return unary('relu', x, 'relu');
}

/** x where it is positive, else alpha * x. Default slope .01; Keras takes .3, TensorFlow .2. */
export function leakyRelu(x: Tensor, alpha = 0.01): Tensor {
  return unary('leakyRelu', x, 'leakyRelu', alpha);
}

/** x times the standard normal's distribution function, exact, not the tanh formula (Hendrycks and Gimpel, 2016). */
export function gelu(x: Tensor): Tensor {
  return unary('gelu', x, 'gelu');
}

/** 1 / (1 + e^-x), for any |x| without overflow. */
export function sigmoid(x: Tensor): Tensor {
  return unary('sigmoid', x, 'sigmoid');
}

/** Hyperbolic tangent, for any |x| without overflow. */
export function tanh(x: Tensor): Tensor {
  return unary('tanh', x, 'tanh');
}

/** x * sigmoid(x), also known as swish. */
export function silu(x: Tensor): Tensor {
  return unary('silu', x, 'silu');
}

export function exp(x: Tensor): Tensor {
  return unary('exp', x, 'exp');
}

/** Natural logarithm; NaN below 0. */
export function log(x: Tensor): Tensor {
  return unary('log', x, 'log');
}

/** Square root; NaN below 0, and its gradient at 0 is infinite. */
export function sqrt(x: Tensor): Tensor {
  return unary('sqrt', x, 'sqrt');
}

/** Magnitude; the gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return unary('abs', x, 'abs');
}

export function neg(x: Tensor): Tensor {
  return unary('neg', x, 'affine', -1, 0);
}

/**
 * x limited to [min, max]; the gradient is 0 outside.
 * @throws ValueError when min is larger than max.
 */
export function clamp(x: Tensor, min: number, max: number): Tensor {
  if (!(min <= max)) throw new ValueError(`clamp: min ${min} must not be larger than max ${max}`);
  return unary('clamp', x, 'clamp', min, max);
}

/** x to the power of a plain number. NaN where x is negative and the exponent not whole. */
export function powNumber(x: Tensor, exponent: number): Tensor {
  return unary('pow', x, 'power', exponent);
}

/** A plain number divided by x. */
export function numberDiv(dividend: number, x: Tensor): Tensor {
  return unary('div', x, 'reciprocal', dividend);
}

/** A plain number to the power of x. */
export function numberPow(base: number, x: Tensor): Tensor {
  return unary('pow', x, 'exponential', base);
}

/** Numbers whose magnitude is between .05 and 2: a kink at 0 stays out of a finite difference's reach. */
export const awayFromZero = (size: number, r: Sampler): Float64Array =>
  Float64Array.from({ length: size }, () => (r.int(0, 1) ? 1 : -1) * r.uniform(0.05, 2));

export const positiveNumbers = (size: number, r: Sampler): Float64Array =>
  Float64Array.from({ length: size }, () => r.uniform(0.3, 2));

type Fill = (size: number, r: Sampler) => Float64Array;

/** An example on a tensor of any rank; `draw` picks the parameters. */
function example(name: string, draw: (r: Sampler) => (x: Tensor) => Tensor, fill?: Fill): OpExample {
  return {
    name,
    draw: r => {
      const apply = draw(r);
      return {
        inputs: [Array.from({ length: r.int(0, 3) }, () => r.int(1, 4))],
        apply: ([x]) => apply(x!),
        ...(fill && { fill: (_, size, random) => fill(size, random) }),
      };
    },
  };
}

export const unaryExamples: readonly OpExample[] = [
  example('affine', r => {
    const [scale, shift] = [r.normal(), r.normal()];
    return x => affine(x, scale, shift);
  }),
  example('relu', () => relu, awayFromZero),
  example(
    'leakyRelu',
    r => {
      const alpha = r.uniform(-0.5, 0.5);
      return x => leakyRelu(x, alpha);
    },
    awayFromZero,
  ),
  example('gelu', () => gelu),
  example('sigmoid', () => sigmoid),
  example('tanh', () => tanh),
  example('silu', () => silu),
  example('exp', () => exp),
  example('log', () => log, positiveNumbers),
  example('sqrt', () => sqrt, positiveNumbers),
  example('abs', () => abs, awayFromZero),
  example('neg', () => neg),
  // Values near the bounds are moved inside.
  example(
    'clamp',
    () => x => clamp(x, -1, 1),
    (size, r) => awayFromZero(size, r).map(value => (Math.abs(Math.abs(value) - 1) < 0.05 ? 0.5 * value : value)),
  ),
];
