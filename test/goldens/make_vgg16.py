"""
Makes vgg16_blocks.safetensors: what Keras computes with the VGG16 base trained on ImageNet.

    python make_vgg16.py OFFICIAL_NOTOP.h5 REFERENCE.safetensors t10k-images-idx3-ubyte.gz

OFFICIAL_NOTOP.h5 is Keras's vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5. REFERENCE.safetensors holds a photo with its
pool5 from another implementation. Of each output every stride-th value is kept: f32.* with the weights as they are,
f16.* with the weights rounded to float16.
"""
import gzip
import json
import sys

import numpy as np
import tensorflow as tf
from golden_files import write_safetensors

KEPT = 2048
MEAN = np.array([103.939, 116.779, 123.68], np.float32)


def read_safetensors(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        found[name] = np.frombuffer(data[8 + size + start : 8 + size + end], "<f4").reshape(entry["shape"])
    return found


def sample(values):
    flat = values.reshape(-1)
    stride = max(1, len(flat) // KEPT) | 1  # odd, so that all channels have their turn
    return flat[::stride].astype(np.float32), stride


weights, reference, images = sys.argv[1:]
pixels = np.frombuffer(gzip.open(images).read(), np.uint8, offset=16).reshape(-1, 28, 28)[:4]
grey = pixels[..., None].astype(np.float32)
rgb = {
    "32": np.repeat(np.pad(grey, ((0, 0), (2, 2), (2, 2), (0, 0))), 3, -1),
    "64": np.repeat(tf.image.resize(grey, (64, 64)).numpy(), 3, -1),
}
outside = read_safetensors(reference)
photo = np.rint((outside["photo224.input_bgr_centred"] + MEAN)[0, :, :, ::-1])
assert np.abs(photo[None, :, :, ::-1] - MEAN - outside["photo224.input_bgr_centred"]).max() < 1e-4

tensors = {"pixels": pixels, "photo": photo.astype(np.uint8)}
strides = {}


def keep(name, values):
    tensors[name], strides[name.split(".", 1)[1]] = sample(values)


def run(model, x):
    blocks = [model.get_layer(f"block{i}_pool").output for i in range(1, 6)]
    return tf.keras.Model(model.input, blocks).predict(x[..., ::-1] - MEAN, verbose=0)


model = tf.keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3))
model.load_weights(weights)
for precision in ("f32", "f16"):
    if precision == "f16":
        model.set_weights([w.astype(np.float16).astype(np.float32) for w in model.get_weights()])
    for size, x in rgb.items():
        for i, values in enumerate(run(model, x), 1):
            keep(f"{precision}.{size}.block{i}", values)
            if precision == "f32":
                expected = outside[f"fmnist{size}.block{i}_pool"]
                print(size, i, np.abs(values - expected).max() / np.abs(expected).max())
    pool5 = run(model, photo[None])[-1]
    keep(f"{precision}.224.block5", outside["photo224.pool5"] if precision == "f32" else pool5)
    print("photo", precision, np.abs(pool5 - outside["photo224.pool5"]).max() / np.abs(outside["photo224.pool5"]).max())

metadata = {"op": "vgg16", "attrs": json.dumps({"strides": strides}), "made_with": f"tensorflow {tf.__version__}"}
write_safetensors("vgg16_blocks.safetensors", tensors, metadata)
