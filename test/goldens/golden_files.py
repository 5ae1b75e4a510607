"""What the scripts of this folder share: inputs and weights that need not be stored, and the files that are."""
import json
import struct

import numpy as np


def hashed(shape, limit, seed):
    """
    Values in [-limit, limit), each a hash of its place: test/support/goldens.ts gives the same bits. The hash is
    "lowbias32" of C. Wellons (public domain).
    """
    with np.errstate(over="ignore"):
        x = np.arange(np.prod(shape), dtype=np.uint32) + np.uint32(seed) * np.uint32(0x9E3779B9)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    return ((2 * (x / 2.0**32) - 1) * limit).astype(np.float32).reshape(shape)


def glorot(shape):
    """Half the width of Glorot's uniform distribution."""
    window = int(np.prod(shape[:-2]))
    return float(np.sqrt(6 / (window * (shape[-2] + shape[-1]))))


def write_safetensors(path, tensors, metadata):
    types = {"float32": "F32", "float16": "F16", "int32": "I32", "uint8": "U8"}
    header, parts, at = {"__metadata__": metadata}, [], 0
    for name, values in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        header[name] = {"dtype": types[str(values.dtype)], "shape": values.shape, "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
        parts.append(np.ascontiguousarray(values).tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + b"".join(parts))
