import { philox4x32, seedKey, toUnit } from '../kernels/philox.ts';
import { type Shape, sizeOf } from '../kernels/spec.ts';

/**
 * How a parameter starts. 'pretrained': as NaN, since its values are to be loaded, and who forgets that shall learn it at
 * the first step. 'principal': as NaN too, until it is made a projection onto principal components (study/projection.ts). Glorot: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
 * networks" (2010), for tanh and as the usual default; He: K. He et al., "Delving Deep into Rectifiers" (2015), for ReLU.
 */
export type Initializer =
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'zeros'
  | 'ones'
  | 'pretrained'
  | 'principal';

export const INITIALIZERS: readonly Initializer[] = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'zeros',
  'ones',
  'pretrained',
  'principal',
];

/** Sets these random numbers apart from those of other purposes under the same seed. */
const PURPOSE = 0x696e6974;

/** Standard deviation of a standard normal that is cut off at +-2. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

/**
 * First values of a parameter, row-major. Each is a pure function of (seed, name, position), so a model starts alike
 * whatever else is in it and in whatever order it was built.
 *
 * Uniform: in [-limit, limit), limit = sqrt(3 / n). Normal: of variance 1 / n, none beyond two deviations of the normal
 * that was cut (as Keras does). n = (fanIn + fanOut) / 2 for Glorot, fanIn / 2 for He.
 *
 * @param shape kernels are [.., in, out]: [in, out] of a dense layer, HWIO of a convolution.
 */
export function initialValues(initializer: Initializer, shape: Shape, seed: number, name: string): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (initializer === 'zeros') return values;
  if (initializer === 'ones') return values.fill(1);
  if (initializer === 'pretrained' || initializer === 'principal') return values.fill(Number.NaN);
  const { fanIn, fanOut } = fans(shape);
  const variance = initializer.startsWith('glorot') ? 2 / (fanIn + fanOut) : 2 / fanIn;
  const key: [number, number, number] = [hash(name), ...seedKey(seed)];
  if (initializer.endsWith('Uniform')) fillUniform(values, Math.sqrt(3 * variance), key);
  else fillTruncatedNormal(values, Math.sqrt(variance) / TRUNCATED_DEVIATION, key);
  return values;
}

/** Inputs that one output sees, and outputs that one input reaches; a convolution's window counts in both. */
export function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const [inputs, outputs] = shape.length > 1 ? shape.slice(-2) : [shape[0] ?? 1, shape[0] ?? 1];
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * inputs!, fanOut: window * outputs! };
}

type Key = readonly [name: number, low: number, high: number];

function fillUniform(values: Float32Array, limit: number, [name, low, high]: Key): void {
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i++) {
    if (i % 4 === 0) philox4x32(i / 4, 0, name, PURPOSE, low, high, words);
    values[i] = (2 * toUnit(words[i % 4]!) - 1) * limit;
  }
}

function fillTruncatedNormal(values: Float32Array, deviation: number, [name, low, high]: Key): void {
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i++) {
    let z = Number.POSITIVE_INFINITY;
    // Box-Muller, drawn again when it falls outside: one time in 22.
    for (let attempt = 0; Math.abs(z) > 2; attempt++) {
      philox4x32(i, attempt, name, PURPOSE, low, high, words);
      z = Math.sqrt(-2 * Math.log(1 - toUnit(words[0]!))) * Math.cos(2 * Math.PI * toUnit(words[1]!));
    }
    values[i] = z * deviation;
  }
}

/** FNV-1a, 32 bits, of the UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
