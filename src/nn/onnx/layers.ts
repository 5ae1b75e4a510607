/** What each kind of layer is in ONNX: a function from its input to its output, in inference. */
import { type Padding, windowAxis } from '../../kernels/window.ts';
import { ValueError } from '../../platform/errors.ts';
import type { BuiltLayer, Layer } from '../layer.ts';
import type { ActivationName } from '../layers/activation.ts';
import type { BatchNorm2dOptions } from '../layers/batch-norm2d.ts';
import type { Conv2dOptions } from '../layers/conv2d.ts';
import type { DenseOptions } from '../layers/dense.ts';
import type { Pool2dOptions } from '../layers/pool2d.ts';
import type { PreprocessOptions } from '../layers/preprocess.ts';
import type { ResidualOptions } from '../layers/residual.ts';
import type { SequentialOptions } from '../layers/sequential.ts';
import type { GraphBuilder, Value } from './graph.ts';

type Emit = (graph: GraphBuilder, layer: Layer, built: BuiltLayer, input: Value) => Value;

type Pair = readonly [number, number];
const pair = (value: number | Pair): Pair => (typeof value === 'number' ? [value, value] : value);

/** The full name of what belongs to a layer; a model may be one layer without a name. */
const at = ({ name }: BuiltLayer, part: string): string => (name === '' ? part : `${name}.${part}`);

/** Zeros around a picture, as ONNX lists them: before each axis, then behind each. */
function padsOf(
  [height = 0, width = 0]: readonly number[],
  window: Pair,
  stride: Pair,
  dilation: Pair,
  padding: Padding,
): number[] {
  const axes = [height, width].map((size, axis) => {
    const [span, step] = [(window[axis]! - 1) * dilation[axis]! + 1, stride[axis]!];
    const { out, before } = windowAxis(size, window[axis]!, step, dilation[axis]!, padding);
    return [before, Math.max((out - 1) * step + span - size - before, 0)] as const;
  });
  return [...axes.map(([before]) => before), ...axes.map(([, behind]) => behind)];
}

function activate(graph: GraphBuilder, name: string, x: Value, rank: number, activation: ActivationName): Value {
  const { channels } = x;
  const node = (op: string, inputs: string[], attributes = {}) =>
    graph.node(op, `${name}.${activation}`, inputs, attributes);
  const number = (value: number) => graph.constant(`${name}.${activation}_constant`, [], Float32Array.of(value));
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return { name: node('Relu', [x.name]), channels };
    case 'sigmoid':
      return { name: node('Sigmoid', [x.name]), channels };
    case 'tanh':
      return { name: node('Tanh', [x.name]), channels };
    case 'leakyRelu':
      return { name: node('LeakyRelu', [x.name], { alpha: { float: 0.01 } }), channels };
    case 'softmax':
      return {
        name: node('Softmax', [x.name], { axis: rank === 4 && channels === 'second' ? 1 : rank - 1 }),
        channels,
      };
    case 'silu':
      return { name: node('Mul', [x.name, node('Sigmoid', [x.name])]), channels };
    case 'gelu':
      return { name: gelu(x.name, node, number), channels };
  }
}

/** x times the normal distribution at x: (x / 2) (1 + erf(x / sqrt(2))). */
function gelu(x: string, node: (op: string, inputs: string[]) => string, number: (value: number) => string): string {
  const share = node('Add', [node('Erf', [node('Mul', [x, number(Math.SQRT1_2)])]), number(1)]);
  return node('Mul', [node('Mul', [x, number(0.5)]), share]);
}

const conv2d: Emit = (graph, layer, built, input) => {
  const {
    kernelSize,
    stride = 1,
    dilation = 1,
    padding = 'valid',
    activation = 'linear',
  } = layer.options as Conv2dOptions;
  const [window, strides, dilations] = [pair(kernelSize), pair(stride), pair(dilation)];
  const x = graph.arrange(input, 'second');
  const bias = at(built, 'bias');
  const inputs = [x.name, graph.kernel(at(built, 'kernel')), ...(graph.has(bias) ? [graph.parameter(bias)] : [])];
  const pads = padsOf(built.input, window, strides, dilations, padding);
  const name = graph.node('Conv', built.name, inputs, { kernel_shape: window, strides, dilations, pads });
  return activate(graph, built.name, { name, channels: 'second' }, 4, activation);
};

const dense: Emit = (graph, layer, built, { name: x }) => {
  const { activation = 'linear' } = layer.options as DenseOptions;
  const bias = at(built, 'bias');
  const kernel = graph.parameter(at(built, 'kernel'));
  const name = graph.has(bias)
    ? graph.node('Gemm', built.name, [x, kernel, graph.parameter(bias)])
    : graph.node('MatMul', built.name, [x, kernel]);
  return activate(graph, built.name, { name, channels: 'last' }, 2, activation);
};

const batchNorm2d: Emit = (graph, layer, built, input) => {
  const { epsilon = 1e-3, activation = 'linear' } = layer.options as BatchNorm2dOptions;
  const isPicture = built.input.length === 3;
  const x = isPicture ? graph.arrange(input, 'second') : input;
  const parts = ['gamma', 'beta', 'running_mean', 'running_variance'].map(part => graph.parameter(at(built, part)));
  const name = graph.node('BatchNormalization', built.name, [x.name, ...parts], { epsilon: { float: epsilon } });
  return activate(graph, built.name, { name, channels: x.channels }, isPicture ? 4 : 2, activation);
};

const pool =
  (op: 'MaxPool' | 'AveragePool'): Emit =>
  (graph, layer, built, input) => {
    const { window, stride = window, padding = 'valid' } = layer.options as Pool2dOptions;
    const [kernel_shape, strides] = [pair(window), pair(stride)];
    const pads = padsOf(built.input, kernel_shape, strides, [1, 1], padding);
    const x = graph.arrange(input, 'second');
    // By default ONNX leaves the padding out of the mean, as weft does.
    return { name: graph.node(op, built.name, [x.name], { kernel_shape, strides, pads }), channels: 'second' };
  };

const globalAvgPool: Emit = (graph, _, built, input) => {
  const mean = graph.node('GlobalAveragePool', at(built, 'mean'), [graph.arrange(input, 'second').name]);
  return { name: graph.node('Flatten', built.name, [mean], { axis: 1 }), channels: 'last' };
};

/** Channels fastest, whatever the order in the graph. */
const flatten: Emit = (graph, _, built, input) => {
  const x = built.input.length === 3 ? graph.arrange(input, 'last') : input;
  return { name: graph.node('Flatten', built.name, [x.name], { axis: 1 }), channels: 'last' };
};

const preprocess: Emit = (graph, layer, built, input) => {
  const { size, resize, channels = 'rgb', scale = 1, mean = [0, 0, 0] } = layer.options as PreprocessOptions;
  const [height = 0, width = 0, count] = built.input;
  let { name } = graph.arrange(input, 'second');
  if (resize === 'bilinear') {
    const sizes = graph.list(at(built, 'sizes'), [size, size]);
    const [mode, coordinate_transformation_mode] = ['linear', 'half_pixel'];
    name = resized(graph, built, name, sizes, { mode, coordinate_transformation_mode }, count!);
  } else if (size !== height || size !== width) {
    const [top, left] = [height, width].map(length => Math.floor((size - length) / 2)) as [number, number];
    const pads = graph.list(at(built, 'pads'), [0, 0, top, left, 0, 0, size - height - top, size - width - left]);
    name = graph.node('Pad', at(built, 'padded'), [name, pads]);
  }
  if (count === 1) name = graph.node('Concat', at(built, 'grey'), [name, name, name], { axis: 1 });
  else if (channels === 'bgr')
    name = graph.node('Gather', at(built, 'bgr'), [name, graph.list(at(built, 'order'), [2, 1, 0])], { axis: 1 });
  name = graph.node('Mul', at(built, 'scaled'), [name, graph.constant(at(built, 'scale'), [], Float32Array.of(scale))]);
  name = graph.node('Sub', built.name, [
    name,
    graph.constant(at(built, 'means'), [1, 3, 1, 1], Float32Array.from(mean)),
  ]);
  return { name, channels: 'second' };
};

/** Resize takes all four sizes; the batch's is only known when it runs. */
function resized(
  graph: GraphBuilder,
  built: BuiltLayer,
  x: string,
  sizes: string,
  attributes: Readonly<Record<string, string>>,
  channels: number,
): string {
  const batch = graph.node('Slice', at(built, 'batch'), [
    graph.node('Shape', at(built, 'shape'), [x]),
    graph.list(at(built, 'from'), [0]),
    graph.list(at(built, 'to'), [1]),
  ]);
  const all = graph.node(
    'Concat',
    at(built, 'all_sizes'),
    [batch, graph.list(at(built, 'channels'), [channels]), sizes],
    {
      axis: 0,
    },
  );
  // The two empty inputs are a region of interest and scales, which are not given.
  return graph.node('Resize', at(built, 'resized'), [x, '', '', all], attributes);
}

const sequential: Emit = (graph, layer, built, input) =>
  (layer.options as SequentialOptions).layers.reduce(
    (x, inner, i) => emitLayer(graph, inner, built.children[i]!, x),
    input,
  );

const residual: Emit = (graph, layer, built, input) => {
  const { body, shortcut, activation = 'linear' } = layer.options as ResidualOptions;
  const [bodyBuilt, shortcutBuilt] = built.children;
  // Both branches start from it: turn it once.
  const x = built.input.length === 3 ? graph.arrange(input, 'second') : input;
  const through = emitLayer(graph, body, bodyBuilt!, x);
  const around = shortcut ? emitLayer(graph, shortcut, shortcutBuilt!, x) : x;
  const isPicture = built.output.length === 3;
  const other = isPicture ? graph.arrange(around, through.channels) : around;
  const name = graph.node('Add', built.name, [through.name, other.name]);
  return activate(graph, built.name, { name, channels: through.channels }, isPicture ? 4 : 2, activation);
};

const EMIT: Readonly<Record<string, Emit>> = {
  activation: (graph, layer, built, input) =>
    activate(
      graph,
      built.name,
      input,
      built.input.length + 1,
      (layer.options as { readonly activation: ActivationName }).activation,
    ),
  avgPool2d: pool('AveragePool'),
  batchNorm2d,
  conv2d,
  dense,
  dropout: (_graph, _layer, _built, input) => input,
  flatten,
  globalAvgPool,
  maxPool2d: pool('MaxPool'),
  preprocess,
  residual,
  sequential,
};

/** @throws ValueError for a layer of a kind that has no translation. */
export function emitLayer(graph: GraphBuilder, layer: Layer, built: BuiltLayer, input: Value): Value {
  if (!Object.hasOwn(EMIT, layer.type)) {
    throw new ValueError(
      `onnx: ${layer.type} '${built.name}' has no translation; there are ${Object.keys(EMIT).join(', ')}`,
    );
  }
  return EMIT[layer.type]!(graph, layer, built, input);
}
