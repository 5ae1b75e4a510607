import * as tf from '@tensorflow/tfjs-core';
import { WEIGHTS, withoutDropout } from '../inputs.ts';
import { ADAM } from '../kernels.ts';
import type { ConvShape } from '../suites.ts';
import { type NetworkOps, runNetwork } from './network.ts';
import type { Input, Task } from './peer.ts';

/** A piece of work on tensors that are there already. */
export interface Computation {
  /** Whether its result is the loss of a training step. */
  readonly loss: boolean;
  /** Computes once more; what the last call made is freed. */
  call(): void;
  /** The results of the last call. */
  read(): Promise<Float32Array[]>;
  dispose(): void;
}

const tensor = ({ data, shape }: Input) => tf.tensor(data, [...shape]);

/** @param checking without dropout, since every framework draws it in its own way. */
export function compute(task: Task, checking: boolean): Computation {
  const given = Object.fromEntries(
    Object.entries(task.inputs)
      .filter(([name]) => !name.startsWith(WEIGHTS))
      .map(([name, input]) => [name, tensor(input)]),
  );
  const { run, loss = false, own = () => {} } = operation(task, given, checking);
  let results: tf.Tensor[] = [];
  return {
    loss,
    call: () => {
      tf.dispose(results);
      results = run();
    },
    read: () => Promise.all(results.map(async result => (await result.data()) as Float32Array)),
    dispose: () => {
      tf.dispose([results, given] as tf.TensorContainer);
      own();
    },
  };
}

interface Operation {
  readonly run: () => tf.Tensor[];
  readonly loss?: boolean;
  /** Frees what it made besides its results. */
  readonly own?: () => void;
}

type Given = Readonly<Record<string, tf.Tensor>>;

/** Kernels of gradients are run as tfjs' own differentiation runs them. */
const kernel = (name: string, inputs: Given, attributes: object) =>
  tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap) as tf.Tensor;

const pad = ({ same }: ConvShape) => (same ? 'same' : 'valid');

function operation(task: Task, given: Given, checking: boolean): Operation {
  const { work } = task;
  switch (work.op) {
    case 'matmul':
      return { run: () => [tf.matMul(given.a!, given.b!)] };
    case 'conv2d': {
      const { stride } = work.shape;
      return { run: () => [tf.conv2d(given.x as tf.Tensor4D, given.kernel as tf.Tensor4D, stride, pad(work.shape))] };
    }
    case 'conv2d_input_grad': {
      const { n, h, w, cin, stride } = work.shape;
      const attributes = {
        strides: [stride, stride],
        pad: pad(work.shape),
        dataFormat: 'NHWC',
        inputShape: [n, h, w, cin],
      };
      return { run: () => [kernel('Conv2DBackpropInput', { dy: given.dy!, filter: given.kernel! }, attributes)] };
    }
    case 'conv2d_kernel_grad': {
      const { kernel: k, cin, cout, stride } = work.shape;
      const filterShape = [k, k, cin, cout];
      const attributes = { strides: [stride, stride], pad: pad(work.shape), dataFormat: 'NHWC', filterShape };
      return { run: () => [kernel('Conv2DBackpropFilter', { x: given.x!, dy: given.dy! }, attributes)] };
    }
    case 'max_pool2d':
      return { run: () => [tf.maxPool(given.x as tf.Tensor4D, work.shape.window, work.shape.window, 'valid')] };
    case 'max_pool2d_grad': {
      const { window } = work.shape;
      const output = tf.maxPool(given.x as tf.Tensor4D, window, window, 'valid');
      const attributes = { filterSize: window, strides: window, pad: 'valid' };
      const inputs = { dy: given.dy!, input: given.x!, output };
      return { run: () => [kernel('MaxPoolGrad', inputs, attributes)], own: () => output.dispose() };
    }
    case 'softmax_cross_entropy': {
      const oneHot = tf.tidy(() => tf.oneHot(tf.cast(given.labels!, 'int32'), work.shape.classes));
      const both = tf.valueAndGrad(z => tf.losses.softmaxCrossEntropy(oneHot, z) as tf.Scalar);
      return {
        run: () =>
          tf.tidy(() => {
            const { value, grad } = both(given.logits!);
            return [value, grad];
          }),
        own: () => oneHot.dispose(),
      };
    }
    case 'adam': {
      const parameters = tf.variable(given.parameters!, true, undefined);
      const optimizer = tf.train.adam(ADAM.learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
      // Declared as variables, though gradients are meant, and any tensor does.
      const gradients = { [parameters.name]: given.gradients as tf.Variable };
      return {
        run: () => {
          optimizer.applyGradients(gradients);
          return [parameters.clone()];
        },
        own: () => {
          parameters.dispose();
          optimizer.dispose();
        },
      };
    }
    case 'forward':
      return forward(task, given);
    default:
      return training(checking ? { ...task, network: withoutDropout(task.network!) } : task, given);
  }
}

type Variables = Readonly<Record<string, tf.Variable>>;

function variables({ inputs }: Task): Variables {
  const weights = Object.entries(inputs).filter(([name]) => name.startsWith(WEIGHTS));
  return Object.fromEntries(weights.map(([name, input]) => [name.slice(WEIGHTS.length), tf.variable(tensor(input))]));
}

function forward(task: Task, given: Given): Operation {
  const weights = variables(task);
  const ops = networkOps(weights, {});
  return {
    run: () => [tf.tidy(() => runNetwork(ops, task.network!.layers, given.images!, false))],
    own: () => tf.dispose(weights as tf.NamedTensorMap),
  };
}

function training(task: Task, given: Given): Operation {
  const { name, learningRate, momentum } = task.network!.optimizer;
  const weights = variables(task);
  const state: Record<string, tf.Variable> = {};
  const ops = networkOps(weights, state);
  const oneHot = tf.tidy(() => tf.oneHot(tf.cast(given.labels!, 'int32'), 10));
  const optimizer =
    name === 'adam'
      ? tf.train.adam(learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon)
      : tf.train.momentum(learningRate, momentum);
  const list = Object.values(weights);
  const loss = () =>
    tf.losses.softmaxCrossEntropy(oneHot, runNetwork(ops, task.network!.layers, given.images!, true)) as tf.Scalar;
  return {
    loss: true,
    run: () => [optimizer.minimize(loss, true, list)!],
    own: () => {
      tf.dispose([oneHot, weights, state] as tf.TensorContainer);
      optimizer.dispose();
    },
  };
}

/** @param state running means and variances of batch norms, made when they are first met. */
function networkOps(weights: Variables, state: Record<string, tf.Variable>): NetworkOps<tf.Tensor> {
  const move = (name: string, first: number, value: tf.Tensor, momentum: number) => {
    state[name] ??= tf.keep(tf.variable(tf.fill(value.shape, first), false));
    state[name].assign(tf.add(tf.mul(state[name], momentum), tf.mul(value, 1 - momentum)));
  };
  return {
    parameter: name => weights[name]!,
    conv2d: (x, filter, bias, { stride, padding, activation }) =>
      tf.fused.conv2d({
        ...{ x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, strides: stride, pad: padding },
        ...(bias && { bias }),
        activation: activation ?? 'linear',
      }),
    dense: (x, kernel, bias, activation) =>
      tf.fused.matMul({ a: x, b: kernel, bias, activation: activation ?? 'linear' }),
    maxPool2d: (x, window) => tf.maxPool(x as tf.Tensor4D, window, window, 'valid'),
    batchNorm: (x, name, { momentum, epsilon }) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      move(`${name}.mean`, 0, mean, momentum);
      move(`${name}.variance`, 1, variance, momentum);
      const [beta, gamma] = [weights[`${name}.beta`]!, weights[`${name}.gamma`]!];
      return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, beta as never, gamma as never, epsilon);
    },
    dropout: (x, rate) => tf.dropout(x, rate),
    flatten: x => tf.reshape(x, [x.shape[0]!, -1]),
    relu: x => tf.relu(x),
    add: (a, b) => tf.add(a, b),
    globalAvgPool: x => tf.mean(x, [1, 2]),
    share: x => x,
  };
}
