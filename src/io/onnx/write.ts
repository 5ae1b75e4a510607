/** The ONNX format: a graph of nodes as protocol buffers. Field numbers are those of onnx.proto (version 8 of the format). */
import { ProtobufWriter } from './protobuf.ts';

/** Of the operators; Resize, Pad and Clip are since 13 what they are here. */
const OPSET = 17;
const IR_VERSION = 8;
const FLOAT = 1;
const INT64 = 7;

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Numbers are whole unless they stand in `{ float }`. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  readonly name: string;
  readonly doc: string;
  /** Without the batch, whose size is free. */
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly output: { readonly name: string; readonly shape: readonly number[] };
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
}

/** A model file. The same graph gives the same bytes. */
export function writeOnnx(graph: OnnxGraph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const body = new ProtobufWriter();
  for (const node of graph.nodes) body.message(1, nodeOf(node));
  body.text(2, graph.name);
  for (const constant of graph.constants) body.message(5, tensorOf(constant));
  body.text(10, graph.doc).message(11, valueInfoOf(graph.input)).message(12, valueInfoOf(graph.output));
  const model = new ProtobufWriter()
    .int(1, IR_VERSION)
    .text(2, 'weft')
    .message(7, body)
    .message(8, new ProtobufWriter().text(1, '').int(2, OPSET));
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, new ProtobufWriter().text(1, key).text(2, value));
  }
  return model.finish();
}

function nodeOf({ op, name, inputs, output, attributes }: OnnxNode): ProtobufWriter {
  const node = new ProtobufWriter().texts(1, inputs).text(2, output).text(3, name).text(4, op);
  for (const [key, value] of Object.entries(attributes)) node.message(5, attributeOf(key, value));
  return node;
}

function attributeOf(name: string, value: OnnxAttribute): ProtobufWriter {
  const attribute = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return attribute.int(3, value).int(20, 2);
  if (typeof value === 'string') return attribute.text(4, value).int(20, 3);
  if ('float' in value) return attribute.float(2, value.float).int(20, 1);
  return attribute.ints(8, value).int(20, 7);
}

function tensorOf({ name, shape, data }: OnnxTensor): ProtobufWriter {
  return new ProtobufWriter()
    .ints(1, shape)
    .int(2, data instanceof Float32Array ? FLOAT : INT64)
    .text(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function valueInfoOf({ name, shape }: OnnxGraph['input']): ProtobufWriter {
  const sizes = new ProtobufWriter().message(1, new ProtobufWriter().text(2, 'N'));
  for (const size of shape) sizes.message(1, new ProtobufWriter().int(1, size));
  const tensor = new ProtobufWriter().int(1, FLOAT).message(2, sizes);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
