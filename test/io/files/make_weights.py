"""Writes the files of this folder with Keras, PyTorch and NumPy: one small network in every format weft reads.

python make_weights.py (Keras 3.15, PyTorch, NumPy; h5py comes with Keras)
expected.npz holds its arrays by weft's names, in weft's layout.
"""
import json
import os
import struct

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
import torch

keras.utils.set_random_seed(7)
model = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(4, 3, name="conv1", activation="relu"),
        keras.layers.BatchNormalization(name="norm1"),
        keras.layers.Dropout(0.5, name="drop1"),
        keras.layers.Conv2D(2, (2, 3), name="conv2"),
        keras.layers.GlobalAveragePooling2D(name="pool"),
        keras.layers.Dense(3, name="logits"),
    ]
)
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
random = np.random.default_rng(7)
model.fit(random.normal(size=(8, 8, 8, 3)), random.normal(size=(8, 3)), verbose=0)

model.save("keras3.keras")
model.save_weights("keras3.weights.h5")
model.save("legacy.h5")

ROLES = {"moving_mean": "running_mean", "moving_variance": "running_variance"}
expected = {}
for layer in model.layers:
    for weight in layer.weights:
        if "seed" in weight.path:
            continue
        name = weight.path.split("/")[-1]
        expected[f"{layer.name}.{ROLES.get(name, name)}"] = np.asarray(weight)
np.savez("expected.npz", **expected)

# As Keras 1 named its arrays: the layout of the official VGG files.
with h5py.File("keras1.h5", "w") as file:
    old = {"kernel": "W", "bias": "b", "running_variance": "running_std"}
    layers = list(dict.fromkeys(name.split(".")[0] for name in expected))
    file.attrs["layer_names"] = [name.encode() for name in layers]
    for layer in layers:
        group = file.create_group(layer)
        arrays = {n.split(".")[1]: a for n, a in expected.items() if n.startswith(layer + ".")}
        names = [f"{layer}_{old.get(role, role)}_1:0" for role in arrays]
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name, array in zip(names, arrays.values()):
            group.create_dataset(name, data=array)


def safetensors(path, tensors):
    header, blobs, at = {}, [], 0
    for name, tensor in tensors.items():
        kind = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.int64: "I64"}[tensor.dtype]
        raw = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [at, at + len(raw)]}
        blobs.append(raw)
        at += len(raw)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


net = torch.nn.ModuleDict(
    {
        "conv1": torch.nn.Conv2d(3, 4, 3),
        "norm1": torch.nn.BatchNorm2d(4),
        "conv2": torch.nn.Conv2d(4, 2, (2, 3)),
        "logits": torch.nn.Linear(2, 3),
    }
)
with torch.no_grad():
    for name, array in expected.items():
        layer, role = name.split(".")
        value = torch.from_numpy(np.array(array))
        if role == "kernel":
            value = value.permute(3, 2, 0, 1) if value.ndim == 4 else value.T
        torch_role = {"kernel": "weight", "gamma": "weight", "beta": "bias", "running_variance": "running_var"}
        getattr(net[layer], torch_role.get(role, role)).copy_(value)
safetensors("torch.safetensors", net.state_dict())
for dtype, name in ((torch.bfloat16, "bf16"), (torch.float16, "f16")):
    safetensors(f"{name}.safetensors", {n: torch.from_numpy(np.array(a)).to(dtype) for n, a in expected.items()})
