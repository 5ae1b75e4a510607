"""TensorFlow / Keras and PyTorch as contenders: answers the requests of bench/protocol.ts, one JSON document a line.

Tensors come and go as files of raw float32 in weft's layouts (NHWC, HWIO); what a framework wants otherwise is turned
before anything is timed.
"""

import json
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np  # noqa: E402

REPLY = "@weft-bench "
CHECKED_STEPS = 2
COMPARED = {
    "matmul": ["out"],
    "conv2d": ["y"],
    "conv2d_input_grad": ["dx"],
    "conv2d_kernel_grad": ["dkernel"],
    "max_pool2d": ["y"],
    "max_pool2d_grad": ["dx"],
    "softmax_cross_entropy": ["loss", "dlogits"],
    "adam": ["parameters"],
    "forward": ["output"],
}

from common import Unsupported  # noqa: E402


def load(task):
    inputs = {}
    for name, tensor in task["inputs"].items():
        inputs[name] = np.fromfile(tensor["path"], dtype=np.float32).reshape(tensor["shape"])
    return inputs


def without_dropout(layers):
    text = json.dumps(layers)
    return json.loads(text, object_hook=lambda d: {**d, "rate": 0} if "rate" in d else d)


def open_peer(name):
    try:
        if name == "tensorflow":
            from tensorflow_peer import TensorFlow

            return TensorFlow()
        from torch_peer import Torch

        return Torch(name != "torch", name == "torch-cuda-tf32")
    except ImportError as error:
        raise Unsupported(f"{error}; name a Python that has it in WEFT_PYTHON (now {sys.executable})") from error


class Server:
    peer = None
    run = None
    results = ()
    latency = False

    def build(self, task, checking):
        inputs, work = load(task), task["work"]
        if "network" not in task:
            return self.peer.operation(work, inputs)
        layers = task["network"]["layers"]
        if work["op"] == "forward":
            return self.peer.forward(layers, inputs)
        return self.peer.training(task["network"], without_dropout(layers) if checking else layers, inputs)

    def answer(self, request):
        kind = request["do"]
        if kind == "open":
            self.peer = open_peer(request["peer"])
            return {"version": self.peer.version, "device": self.peer.device}
        if kind == "check":
            return self.check(request["task"], request["folder"])
        if kind == "prepare":
            self.latency = request["task"]["mode"] == "latency"
            self.run = self.build(request["task"], False)
            return {}
        if kind == "time":
            return self.time(request["calls"], request["warm"])
        if kind == "drop":
            self.run, self.results = None, ()
            return {}
        return {"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}

    def check(self, task, folder):
        run, op = self.build(task, True), task["work"]["op"]
        if op in COMPARED:
            values = dict(zip(COMPARED[op], [self.peer.array(result) for result in run()]))
        else:
            values = {"losses": np.array([float(self.peer.array(run()[0])) for _ in range(CHECKED_STEPS)])}
        paths = {}
        for name, value in values.items():
            paths[name] = os.path.join(folder, f"{name}.f32")
            np.ascontiguousarray(value, dtype=np.float32).tofile(paths[name])
        return {"outputs": paths}

    def time(self, calls, warm):
        if warm:
            self.results = self.run()
        self.peer.finish()
        before, start = time.process_time(), time.perf_counter()
        for _ in range(calls):
            self.results = self.run()
            if self.latency:
                self.peer.array(self.results[0])
        self.peer.finish()
        seconds = time.perf_counter() - start
        return {"milliseconds": seconds * 1e3, "processor": (time.process_time() - before) * 1e3}


def main():
    server = Server()
    for line in sys.stdin:
        try:
            reply = server.answer(json.loads(line))
        except Unsupported as error:
            reply = {"unsupported": str(error)}
        except Exception as error:  # noqa: BLE001: whatever a framework throws becomes the reason on its row
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        sys.stdout.write(f"\n{REPLY}{json.dumps(reply)}\n")
        sys.stdout.flush()


main()
