"""
Makes conv2d_*.safetensors and dense_*.safetensors: outputs and gradients of TensorFlow.

    python make_linear.py && npx tsx test/goldens/thin.ts

Inputs, weights and the gradient that is sent in are hashes of their places (golden_files.py), so that only results are stored.
Odd sizes, one pixel, one channel, strides, dilations and both paddings.
"""
import json

import numpy as np
import tensorflow as tf
from golden_files import glorot, hashed, write_safetensors

# x [N, H, W, C], kernel [KH, KW, C, O], stride, dilation, padding.
CONVOLUTIONS = [
    ((2, 28, 28, 1), (3, 3, 1, 32), 1, 1, "SAME"),
    ((2, 15, 14, 32), (3, 3, 32, 64), 1, 1, "SAME"),
    ((2, 7, 8, 40), (3, 3, 40, 48), 1, 1, "SAME"),
    ((2, 9, 12, 3), (3, 3, 3, 5), 1, 1, "VALID"),
    ((1, 13, 10, 7), (5, 3, 7, 5), 1, 1, "SAME"),
    ((2, 15, 16, 8), (3, 3, 8, 16), 2, 1, "SAME"),
    ((2, 16, 17, 8), (3, 3, 8, 9), 2, 1, "VALID"),
    ((3, 12, 12, 16), (1, 1, 16, 34), 1, 1, "VALID"),
    ((2, 13, 12, 16), (1, 1, 16, 8), 2, 1, "SAME"),
    ((1, 19, 19, 4), (3, 3, 4, 6), 1, 2, "SAME"),
    ((1, 16, 16, 3), (3, 3, 3, 64), 1, 1, "SAME"),
    ((2, 4, 4, 48), (3, 3, 48, 67), 1, 1, "SAME"),
    ((1, 3, 3, 5), (3, 3, 5, 7), 1, 1, "VALID"),
    ((1, 1, 1, 13), (1, 1, 13, 3), 1, 1, "SAME"),
    ((2, 21, 8, 6), (7, 7, 6, 6), 2, 1, "SAME"),
]
# x [N, K], kernel [K, O].
DENSE = [((24, 300), (300, 96)), ((34, 129), (129, 10)), ((1, 7), (7, 3)), ((32, 288), (288, 64))]


def make(path, op, attributes, x_shape, kernel_shape, apply):
    how = {
        "x": {"shape": x_shape, "limit": 1.7, "seed": 1},
        "kernel": {"shape": kernel_shape, "limit": glorot(kernel_shape), "seed": 2},
        "bias": {"shape": kernel_shape[-1:], "limit": 0.5, "seed": 3},
    }
    x, kernel, bias = (tf.constant(hashed(**values)) for values in how.values())
    with tf.GradientTape() as tape:
        tape.watch([x, kernel, bias])
        y = apply(x, kernel) + bias
    how["dy"] = {"shape": tuple(y.shape), "limit": 1.7, "seed": 4}
    dx, dkernel, dbias = tape.gradient(y, [x, kernel, bias], tf.constant(hashed(**how["dy"])))
    tensors = {"y": y, "dx": dx, "dkernel": dkernel, "dbias": dbias}
    metadata = {
        "op": op,
        "attrs": json.dumps({**attributes, "hashed": how}),
        "made_with": f"tensorflow {tf.__version__}, keras {tf.keras.__version__}",
    }
    write_safetensors(path, {name: np.asarray(values) for name, values in tensors.items()}, metadata)


for i, (x, kernel, stride, dilation, padding) in enumerate(CONVOLUTIONS):
    attributes = {"stride": stride, "dilation": dilation, "padding": padding}
    if dilation == 1:
        convolve = lambda x, k: tf.nn.conv2d(x, k, stride, padding)
    else:
        # conv2d has no gradient for dilations on a CPU.
        convolve = lambda x, k: tf.nn.atrous_conv2d(x, k, dilation, padding)
    make(f"conv2d_{i:02}.safetensors", "conv2d", attributes, x, kernel, convolve)
for i, (x, kernel) in enumerate(DENSE):
    make(f"dense_{i:02}.safetensors", "dense", {}, x, kernel, tf.matmul)
