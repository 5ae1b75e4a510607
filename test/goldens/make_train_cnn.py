"""
Makes train_cnn_40_steps.safetensors: a small CNN trained by Keras.

    python make_train_cnn.py train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz

conv 16, pool, conv 32, pool (3x3, same, ReLU), dense 64, dense 10 on training images of Fashion-MNIST from 0 to 1, 40 steps of
Adam with 1e-3 on batches of 64. Kernels begin as hashes of their places (golden_files.py), biases at zero. Kept: the images of each
batch, the loss and the gradient's norm of each step, and the weights in the end, which thin.ts thins.
"""
import gzip
import json
import sys

import numpy as np
import tensorflow as tf
from golden_files import glorot, hashed, write_safetensors

BATCH, STEPS = 64, 40

images, labels = sys.argv[1:]
pixels = np.frombuffer(gzip.open(images).read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
labels = np.frombuffer(gzip.open(labels).read(), np.uint8, offset=8).astype(np.int32)
layers = tf.keras.layers
conv = {"kernel_size": 3, "padding": "same", "activation": "relu"}
model = tf.keras.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(16, **conv),
        layers.MaxPooling2D(),
        layers.Conv2D(32, **conv),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10),
    ]
)
shapes = [weights.shape for weights in model.get_weights()]
first = [hashed(s, glorot(s), i) if len(s) > 1 else np.zeros(s, np.float32) for i, s in enumerate(shapes)]
model.set_weights(first)

optimizer = tf.keras.optimizers.Adam(1e-3)
cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
indices = np.random.default_rng(1).choice(len(labels), (STEPS, BATCH), replace=False).astype(np.int32)
losses, norms = [], []
for chosen in indices:
    x = pixels[chosen].astype(np.float32) / np.float32(255)
    with tf.GradientTape() as tape:
        loss = cross_entropy(labels[chosen], model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights))
    losses.append(float(loss))
    norms.append(float(tf.linalg.global_norm(gradients)))
print(losses[0], losses[-1])
tensors = {f"final.{i}": values for i, values in enumerate(model.get_weights())}
tensors |= {"indices": indices, "loss": np.array(losses, np.float32), "grad_norm": np.array(norms, np.float32)}
attributes = {
    "model": "conv16 pool conv32 pool dense64 dense10, 3x3 same relu",
    "optimizer": "adam 1e-3 (keras defaults)",
    "batch": BATCH,
    "hashed": {f"init.{i}": {"shape": s, "limit": glorot(s), "seed": i} for i, s in enumerate(shapes) if len(s) > 1},
}
metadata = {"op": "train", "attrs": json.dumps(attributes), "made_with": f"tensorflow {tf.__version__}, keras {tf.keras.__version__}"}
write_safetensors("train_cnn_40_steps.safetensors", tensors, metadata)
