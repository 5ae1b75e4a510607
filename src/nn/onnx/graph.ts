import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../io/onnx/write.ts';
import type { Shape } from '../../kernels/spec.ts';
import { ValueError } from '../../platform/errors.ts';

/** A value of the graph. Pictures are [N, H, W, C] as in weft, or [N, C, H, W] as ONNX's operators want them. */
export interface Value {
  readonly name: string;
  readonly channels: 'last' | 'second';
}

/** The nodes and constants of a graph while it grows. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  private readonly names: Set<string>;

  /** @param taken names that nothing in the graph may have. */
  constructor(
    private readonly parameters: ReadonlyMap<string, { shape: Shape; data: Float32Array }>,
    taken: readonly string[],
  ) {
    this.names = new Set(taken);
  }

  /** Adds a node; the result is called after it. */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    const output = this.unique(name);
    this.nodes.push({ op, name: output, inputs, output, attributes });
    return output;
  }

  constant(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    const unique = this.unique(name);
    this.constants.push({ name: unique, shape, data });
    return unique;
  }

  /** A list of whole numbers, as some operators take their settings. */
  list(name: string, values: readonly number[]): string {
    return this.constant(name, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A parameter or state of the model, as it is. */
  parameter(name: string): string {
    const { shape, data } = this.get(name);
    return this.constant(name, shape, data);
  }

  /** A convolution's kernel, HWIO turned into OIHW. */
  kernel(name: string): string {
    const { shape, data } = this.get(name);
    const [rows = 0, columns = 0, input = 0, out = 0] = shape;
    const area = rows * columns;
    const moved = new Float32Array(data.length);
    for (let k = 0; k < area; k++) {
      for (let i = 0; i < input; i++) {
        for (let o = 0; o < out; o++) moved[(o * input + i) * area + k] = data[(k * input + i) * out + o]!;
      }
    }
    return this.constant(name, [out, input, rows, columns], moved);
  }

  has(name: string): boolean {
    return this.parameters.has(name);
  }

  /** The same picture with its channels elsewhere. */
  arrange({ name, channels }: Value, wanted: Value['channels']): Value {
    if (channels === wanted) return { name, channels };
    const perm = wanted === 'second' ? [0, 3, 1, 2] : [0, 2, 3, 1];
    return {
      name: this.node('Transpose', `${name}_${wanted === 'second' ? 'nchw' : 'nhwc'}`, [name], { perm }),
      channels: wanted,
    };
  }

  private get(name: string): { shape: Shape; data: Float32Array } {
    const found = this.parameters.get(name);
    if (!found) throw new ValueError(`onnx: the model has no parameter '${name}'`);
    return found;
  }

  private unique(name: string): string {
    // Names may not be empty, as that of a model's outermost layer is.
    const wanted = name || 'layer';
    let unique = wanted;
    for (let i = 2; this.names.has(unique); i++) unique = `${wanted}_${i}`;
    this.names.add(unique);
    return unique;
  }
}
