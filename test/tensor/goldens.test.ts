import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/tensor/autograd.ts';
import * as ops from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine } from '../support/engine.ts';
import { type Golden, goldenError, goldenFiles, readGolden } from '../support/goldens.ts';

/** Relative error allowed against TensorFlow, forward and in gradients. */
const FORWARD = 1e-5;
const GRADIENT = 1e-4;

type Inputs = Record<string, Tensor>;
interface GoldenOp {
  /** Inputs that a gradient is compared for, by their names in the file; the gradient is named d + name. */
  readonly differentiable: readonly string[];
  readonly apply: (t: Inputs, attributes: Record<string, unknown>) => Tensor;
  /** Name of the forward result in the file, if not y. */
  readonly result?: string;
}

const activation = (apply: (x: Tensor, alpha: number) => Tensor): GoldenOp => ({
  differentiable: ['x'],
  apply: ({ x }, { alpha }) => apply(x!, alpha as number),
});

const windowOptions = (attributes: Record<string, unknown>) => ({
  window: attributes.size as number,
  stride: attributes.stride as number,
  padding: (attributes.padding as string).toLowerCase() as 'same' | 'valid',
});

const GOLDEN_OPS: Record<string, GoldenOp> = {
  relu: activation(ops.relu),
  leaky_relu: activation((x, alpha) => ops.leakyRelu(x, alpha)),
  gelu: activation(ops.gelu),
  sigmoid: activation(ops.sigmoid),
  tanh: activation(ops.tanh),
  silu: activation(ops.silu),
  softmax: activation(ops.softmax),
  log_softmax: activation(ops.logSoftmax),
  globalavgpool: activation(ops.globalAvgPool),
  maxpool2d: { differentiable: ['x'], apply: ({ x }, attributes) => ops.maxPool2d(x!, windowOptions(attributes)) },
  avgpool2d: { differentiable: ['x'], apply: ({ x }, attributes) => ops.avgPool2d(x!, windowOptions(attributes)) },
  dense: { differentiable: ['x', 'kernel', 'bias'], apply: t => ops.dense(t.x!, t.kernel!, t.bias) },
  conv2d: {
    differentiable: ['x', 'kernel', 'bias'],
    apply: (t, attributes) =>
      ops.conv2d(t.x!, t.kernel!, t.bias, {
        stride: attributes.stride as number,
        dilation: attributes.dilation as number,
        padding: (attributes.padding as string).toLowerCase() as 'same' | 'valid',
      }),
  },
  batchnorm: {
    differentiable: ['x', 'gamma', 'beta'],
    apply: (t, { training, epsilon, momentum }) =>
      ops.batchNorm2d(t.x!, t.gamma!, t.beta!, {
        running: { mean: t.moving_mean!, variance: t.moving_var! },
        training: training as boolean,
        epsilon: epsilon as number,
        momentum: (momentum as number | undefined) ?? 0.99,
      }),
  },
  softmax_cross_entropy: {
    differentiable: ['logits'],
    result: 'loss',
    apply: (t, attributes) =>
      ops.softmaxCrossEntropy(t.logits!, t.labels!, { labelSmoothing: attributes.label_smoothing as number }).loss,
  },
};

/** Files of other tests: optimizers (test/optim) and training (test/train). */
const ELSEWHERE = /^(opt_|train_|vgg16_)/;

async function check(golden: Golden, op: GoldenOp): Promise<void> {
  const engine = await gpuEngine();
  const inputs: Inputs = {};
  for (const [name, { shape, values }] of Object.entries(golden.tensors)) {
    inputs[name] = engine.tensor(values, shape, values instanceof Int32Array ? 'u32' : 'f32', name);
  }
  for (const name of op.differentiable) inputs[name]!.watch();
  const y = op.apply(inputs, golden.attributes);
  const result = golden.tensors[op.result ?? 'y']!;
  expect(goldenError(await y.data(), result), `${golden.file}: forward`).toBeLessThanOrEqual(FORWARD);

  const compared = op.differentiable.filter(name => golden.tensors[`d${name}`]);
  if (compared.length > 0) {
    const dy = inputs.dy;
    const grads = gradients(
      y,
      compared.map(name => inputs[name]!),
      dy ? { dy } : {},
    );
    for (const [i, name] of compared.entries()) {
      const expected = golden.tensors[`d${name}`]!;
      expect(goldenError(await grads[i]!.data(), expected), `${golden.file}: d${name}`).toBeLessThanOrEqual(GRADIENT);
    }
  }
  for (const [name, running] of [
    ['new_mean', 'moving_mean'],
    ['new_var', 'moving_var'],
  ] as const) {
    const expected = golden.tensors[name];
    if (expected)
      expect(goldenError(await inputs[running]!.data(), expected), `${golden.file}: ${name}`).toBeLessThanOrEqual(
        FORWARD,
      );
  }
}

describe('ops agree with TensorFlow', () => {
  for (const file of goldenFiles().filter(name => !ELSEWHERE.test(name))) {
    it(file, async () => {
      const golden = readGolden(file);
      const op = GOLDEN_OPS[golden.op];
      expect(op, `no test reads op '${golden.op}'`).toBeDefined();
      await check(golden, op!);
    });
  }

  it('covers every kind of golden', () => {
    const seen = new Set(
      goldenFiles()
        .filter(name => !ELSEWHERE.test(name))
        .map(name => readGolden(name).op),
    );
    expect([...seen].sort()).toEqual(Object.keys(GOLDEN_OPS).sort());
  });
});
