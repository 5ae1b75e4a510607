"""
Makes train_vgg16_head.safetensors: a head trained by Keras on features of VGG16.

    python make_vgg16_head.py OFFICIAL_NOTOP.h5 train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz

The first 256 training images of Fashion-MNIST, padded to 32 pixels, as VGG16 with the weights of ImageNet sees them behind
block 5 (512 values, rounded to float16); on them batch norm, dense 256 with ReLU, dense 10, without dropout, by Adam with
1e-3 for 15 epochs in batches of 64. Kernels begin as hashes of their places (golden_files.py). Kept: features, labels, the order of the images, the loss of each
step, and the logits of all images in the end, by the running statistics.
"""
import gzip
import json
import sys

import numpy as np
import tensorflow as tf
from golden_files import glorot, hashed, write_safetensors

COUNT, BATCH, EPOCHS = 256, 64, 15

weights, images, labels = sys.argv[1:]
tf.keras.utils.set_random_seed(1)
pixels = np.frombuffer(gzip.open(images).read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)[:COUNT]
labels = np.frombuffer(gzip.open(labels).read(), np.uint8, offset=8)[:COUNT].astype(np.int32)
base = tf.keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
base.load_weights(weights)
padded = np.repeat(np.pad(pixels, ((0, 0), (2, 2), (2, 2), (0, 0))), 3, -1).astype(np.float32)
centred = padded - np.array([103.939, 116.779, 123.68], np.float32)
features = base.predict(centred, verbose=0).reshape(COUNT, -1).astype(np.float16)

layers = tf.keras.layers
head = tf.keras.Sequential(
    [layers.Input((512,)), layers.BatchNormalization(), layers.Dense(256, activation="relu"), layers.Dense(10)]
)
shapes = {"dense1.kernel": (512, 256), "logits.kernel": (256, 10)}
first = {name: {"shape": shape, "limit": glorot(shape), "seed": i} for i, (name, shape) in enumerate(shapes.items())}
for layer, values in zip(head.layers[1:], first.values()):
    layer.set_weights([hashed(**values), np.zeros(values["shape"][1], np.float32)])
tensors = {"features": features, "labels": labels}

x, y = features.astype(np.float32), labels
optimizer = tf.keras.optimizers.Adam(1e-3)
cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
random = np.random.default_rng(1)
indices, losses = [], []
for _ in range(EPOCHS):
    order = random.permutation(COUNT)
    for start in range(0, COUNT, BATCH):
        chosen = order[start : start + BATCH]
        with tf.GradientTape() as tape:
            loss = cross_entropy(y[chosen], head(x[chosen], training=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, head.trainable_weights), head.trainable_weights))
        indices.append(chosen)
        losses.append(float(loss))
tensors["indices"] = np.concatenate(indices).astype(np.int32)
tensors["loss"] = np.array(losses, np.float32)
tensors["logits"] = head(x, training=False).numpy()
print(losses[0], losses[-1])
metadata = {"op": "train_vgg16_head", "attrs": json.dumps({"batch": BATCH, "hashed": {f"init.{name}": values for name, values in first.items()}}), "made_with": f"tensorflow {tf.__version__}"}
write_safetensors("train_vgg16_head.safetensors", tensors, metadata)
