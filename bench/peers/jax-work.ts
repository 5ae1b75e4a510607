import { blockUntilReady, grad, jit, lax, nn, numpy as np, random, valueAndGrad } from '@jax-js/jax';
import { WEIGHTS, withoutDropout } from '../inputs.ts';
import { ADAM } from '../kernels.ts';
import { type NetworkOps, runNetwork } from './network.ts';
import type { Input, Task } from './peer.ts';

type Array = np.Array;

export interface JaxComputation {
  readonly loss: boolean;
  call(): void | Promise<void>;
  /** The results of the last call, in weft's layouts. */
  read(): Promise<Float32Array[]>;
  ready(): Promise<void>;
  dispose(): void;
}

/** A program on arrays; whatever is passed to it is consumed, as jax-js counts owners. */
interface Program {
  /** Computes with `state` and gives results and the next state. */
  readonly run: (state: Array[]) => { readonly results: Array[]; readonly state: Array[] };
  readonly state: Array[];
  readonly loss?: boolean;
  /** From the framework's layout of result i to weft's. */
  readonly back?: (result: Array, i: number) => Array;
}

/** Bytes of results that may wait for their computation before a call waits for them. */
const MOST_OUTSTANDING = 256 << 20;

export function jaxCompute(task: Task, checking: boolean): JaxComputation {
  const program = makeProgram(task, checking);
  let { state } = program;
  let results: Array[] = [];
  // jax-js hands work over when somebody waits for its result, and never when the result is disposed of before: so results
  // live until they have been waited for.
  let earlier: Array[] = [];
  let outstanding = 0;
  const ready = async () => {
    await blockUntilReady([...earlier, ...results, ...state]);
    for (const result of earlier) result.dispose();
    earlier = [];
    outstanding = 0;
  };
  return {
    loss: program.loss ?? false,
    call: () => {
      earlier.push(...results);
      const next = program.run(state);
      results = next.results;
      state = next.state;
      outstanding += results.reduce((bytes, { size }) => bytes + 4 * size, 0);
      return outstanding > MOST_OUTSTANDING ? ready() : undefined;
    },
    read: () =>
      Promise.all(
        results.map(async (result, i) => (await (program.back?.(result.ref, i) ?? result.ref).data()) as Float32Array),
      ),
    ready,
    dispose: () => {
      for (const array of [...earlier, ...results, ...state]) array.dispose();
    },
  };
}

const array = ({ data, shape }: Input): Array => np.array(data).reshape([...shape]);

/** jax-js convolves NCHW with OIHW: inputs are turned before anything is timed. */
const toNchw = (input: Input) => array(permuted(input, [0, 3, 1, 2]));
const toOihw = (input: Input) => array(permuted(input, [3, 2, 0, 1]));
const toNhwc = (x: Array) => np.transpose(x, [0, 2, 3, 1]);
const toHwio = (x: Array) => np.transpose(x, [2, 3, 1, 0]);

/** Axis i of the result is axis `order[i]` of the input. */
function permuted({ data, shape }: Input, order: readonly number[]): Input {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const turned = order.map(axis => shape[axis]!);
  const [s0, s1, s2, s3] = order.map(axis => strides[axis]!) as [number, number, number, number];
  const [n0, n1, n2, n3] = turned as [number, number, number, number];
  const out = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++)
      for (let k = 0; k < n2; k++) for (let l = 0; l < n3; l++) out[at++] = data[i * s0 + j * s1 + k * s2 + l * s3]!;
  return { shape: turned, data: out };
}

/** The same function of the same inputs at every call. */
function fixed(fn: (...args: Array[]) => Array | Array[], inputs: Array[], back?: Program['back']): Program {
  const compiled = jit(fn as (...args: Array[]) => Array[]);
  return {
    state: inputs,
    run: state => ({ results: [compiled(...state.map(x => x.ref))].flat() as Array[], state }),
    ...(back && { back }),
  };
}

function makeProgram(task: Task, checking: boolean): Program {
  const { work, inputs } = task;
  switch (work.op) {
    case 'matmul':
      return fixed((a, b) => np.matmul(a!, b!), [array(inputs.a!), array(inputs.b!)]);
    case 'conv2d': {
      const conv = convolution(work.shape);
      return fixed((x, k) => conv(x!, k!), [toNchw(inputs.x!), toOihw(inputs.kernel!)], toNhwc);
    }
    case 'conv2d_input_grad': {
      const { n, cin, h, w } = work.shape;
      const conv = convolution(work.shape);
      const inner = grad((x: Array, k: Array, dy: Array) => np.sum(conv(x, k).mul(dy)));
      const fn = (k: Array, dy: Array) => inner(np.zeros([n, cin, h, w]), k, dy) as Array;
      return fixed(fn as never, [toOihw(inputs.kernel!), toNchw(inputs.dy!)], toNhwc);
    }
    case 'conv2d_kernel_grad': {
      const { cin, cout, kernel } = work.shape;
      const conv = convolution(work.shape);
      const inner = grad((k: Array, x: Array, dy: Array) => np.sum(conv(x, k).mul(dy)));
      const fn = (x: Array, dy: Array) => inner(np.zeros([cout, cin, kernel, kernel]), x, dy) as Array;
      return fixed(fn as never, [toNchw(inputs.x!), toNchw(inputs.dy!)], toHwio);
    }
    case 'max_pool2d':
      return fixed(x => maxPool(x!, work.shape.window), [toNchw(inputs.x!)], toNhwc);
    case 'max_pool2d_grad': {
      const inner = grad((x: Array, dy: Array) => np.sum(maxPool(x, work.shape.window).mul(dy)));
      return fixed(inner as never, [toNchw(inputs.x!), toNchw(inputs.dy!)], toNhwc);
    }
    case 'softmax_cross_entropy': {
      const both = valueAndGrad((z: Array, oneHot: Array) => crossEntropy(z, oneHot));
      const oneHot = oneHotOf(inputs.labels!, work.shape.classes);
      return fixed(both as never, [array(inputs.logits!), oneHot]);
    }
    case 'adam':
      return adamProgram(array(inputs.parameters!), array(inputs.gradients!));
    case 'forward': {
      const { names, arrays } = weightsOf(task);
      const fn = (x: Array, ...weights: Array[]) =>
        runNetwork(networkOps(names, weights, undefined), task.network!.layers, x, false);
      return fixed(fn as never, [toNchw(inputs.images!), ...arrays]);
    }
    default:
      return training(checking ? { ...task, network: withoutDropout(task.network!) } : task);
  }
}

function convolution({ stride, same }: { stride: number; same: number }) {
  return (x: Array, k: Array) => lax.conv(x, k, [stride, stride], same ? 'SAME' : 'VALID');
}

/** Windows that do not overlap, as axes of their own. */
function maxPool(x: Array, window: number): Array {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [oh, ow] = [Math.floor(h / window), Math.floor(w / window)];
  const whole = h % window || w % window ? cutTo(x, oh * window, ow * window) : x;
  return np.max(whole.reshape([n, c, oh, window, ow, window]), [3, 5]);
}

const cutTo = (x: Array, h: number, w: number): Array => x.slice([], [], [0, h], [0, w]);

const oneHotOf = ({ data }: Input, classes: number): Array =>
  nn.oneHot(np.array(Int32Array.from(data), { dtype: np.int32 }), classes);

const crossEntropy = (logits: Array, oneHot: Array): Array =>
  np.mean(np.sum(nn.logSoftmax(logits, -1).mul(oneHot), -1)).mul(-1);

/** One array's Adam; `corrected` are 1 - beta^t of both moments. */
function adamUpdate(p: Array, g: Array, m: Array, v: Array, rate: Array): [p: Array, m: Array, v: Array] {
  const m1 = m.mul(ADAM.beta1).add(g.ref.mul(1 - ADAM.beta1));
  const v1 = v.mul(ADAM.beta2).add(g.ref.mul(g).mul(1 - ADAM.beta2));
  const step = m1.ref.mul(rate).div(np.sqrt(v1.ref).add(ADAM.epsilon));
  return [p.sub(step), m1, v1];
}

/** Adam's learning rate with both corrections of step t. */
const adamRate = (t: number, rate: number) =>
  np.array([(rate * Math.sqrt(1 - ADAM.beta2 ** t)) / (1 - ADAM.beta1 ** t)]);

function adamProgram(parameters: Array, gradients: Array): Program {
  const update = jit(adamUpdate as (...args: Array[]) => Array[]);
  let t = 0;
  return {
    state: [parameters, np.zeros(parameters.shape), np.zeros(parameters.shape), gradients],
    run: ([p, m, v, g]) => {
      const [next, m1, v1] = update(p!, g!.ref, m!, v!, adamRate(++t, ADAM.learningRate));
      return { results: [next!.ref], state: [next!, m1!, v1!, g!] };
    },
  };
}

/** Parameters by weft's names, in the framework's layouts. */
function weightsOf({ inputs }: Task): { names: string[]; arrays: Array[] } {
  const weights = Object.entries(inputs).filter(([name]) => name.startsWith(WEIGHTS));
  return {
    names: weights.map(([name]) => name.slice(WEIGHTS.length)),
    arrays: weights.map(([, input]) => (input.shape.length === 4 ? toOihw(input) : array(input))),
  };
}

/** Forward, gradients and update as one jitted function. */
function training(task: Task): Program {
  const { name, learningRate, momentum } = task.network!.optimizer;
  const { names, arrays } = weightsOf(task);
  const count = names.length;
  const loss = (weights: Array[], x: Array, oneHot: Array, key: Array): Array =>
    crossEntropy(runNetwork(networkOps(names, weights, key), task.network!.layers, x, true), oneHot);
  const both = valueAndGrad(loss as never) as unknown as (...args: unknown[]) => [Array, Array[]];
  const step = jit((state: Array[], x: Array, oneHot: Array, key: Array, rate: Array): Array[] => {
    const weights = state.slice(0, count);
    const [value, gradients] = both(...([weights.map(w => w.ref), x, oneHot, key] as never[])) as unknown as [
      Array,
      Array[],
    ];
    const [next, first, second]: Array[][] = [[], [], []];
    for (let i = 0; i < count; i++) {
      const [p, m, g] = [weights[i]!, state[count + i]!, gradients[i]!];
      if (name === 'adam') {
        const [p1, m1, v1] = adamUpdate(p, g, m, state[2 * count + i]!, rate.ref);
        next!.push(p1);
        first!.push(m1);
        second!.push(v1);
      } else {
        const velocity = m.mul(momentum).sub(g.mul(rate.ref));
        next!.push(p.add(velocity.ref));
        first!.push(velocity);
      }
    }
    rate.dispose();
    return [value, ...next!, ...first!, ...second!];
  });
  const zeros = (): Array[] => arrays.map(w => np.zeros(w.shape));
  const moments = name === 'adam' ? [...zeros(), ...zeros()] : zeros();
  const images = toNchw(task.inputs.images!);
  const oneHot = oneHotOf(task.inputs.labels!, 10);
  let t = 0;
  return {
    loss: true,
    state: [images, oneHot, ...arrays, ...moments],
    run: ([x, y, ...state]) => {
      t++;
      const rate = name === 'adam' ? adamRate(t, learningRate) : np.array([learningRate]);
      const [value, ...after] = step(state, x!.ref, y!.ref, random.key(t), rate) as Array[];
      return { results: [value!], state: [x!, y!, ...after] };
    },
  };
}

/** @param key of this step's dropout; undefined where nothing is dropped. */
function networkOps(names: readonly string[], weights: readonly Array[], key: Array | undefined): NetworkOps<Array> {
  const perChannel = (bias: Array) => bias.reshape([1, -1, 1, 1]);
  const weight = (name: string) => weights[names.indexOf(name)]!.ref;
  let draws = 0;
  return {
    parameter: weight,
    conv2d: (x, kernel, bias, { stride, padding, activation }) => {
      const y = lax.conv(x, kernel, [stride, stride], padding === 'same' ? 'SAME' : 'VALID');
      const sum = bias ? y.add(perChannel(bias)) : y;
      return activation ? nn.relu(sum) : sum;
    },
    dense: (x, kernel, bias, activation) => {
      const sum = np.matmul(x, kernel).add(bias);
      return activation ? nn.relu(sum) : sum;
    },
    maxPool2d: maxPool,
    // The running statistics are left out, which spares it a little work.
    batchNorm: (x, name, { epsilon }) => {
      const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
      const centred = x.sub(mean);
      const variance = np.mean(centred.ref.mul(centred.ref), [0, 2, 3], { keepdims: true });
      const scale = perChannel(weight(`${name}.gamma`)).div(np.sqrt(variance.add(epsilon)));
      return centred.mul(scale).add(perChannel(weight(`${name}.beta`)));
    },
    dropout: (x, rate) => {
      const own = random.split(key!.ref, 8).slice(draws++);
      const mask = random.bernoulli(own, 1 - rate, x.shape);
      return np.where(mask, x.mul(1 / (1 - rate)), np.zeros(x.shape));
    },
    // In weft's order of height, width and channels, so that the dense kernel behind it is the same.
    flatten: x => toNhwc(x).reshape([x.shape[0]!, -1]),
    relu: x => nn.relu(x),
    add: (a, b) => a.add(b),
    globalAvgPool: x => np.mean(x, [2, 3]),
    share: x => x.ref,
  };
}
