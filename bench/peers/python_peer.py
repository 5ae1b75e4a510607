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
WEIGHTS = "weights/"


class Unsupported(Exception):
    """This contender cannot do that; the row says why."""


def load(task):
    inputs = {}
    for name, tensor in task["inputs"].items():
        inputs[name] = np.fromfile(tensor["path"], dtype=np.float32).reshape(tensor["shape"])
    return inputs


def without_dropout(layers):
    text = json.dumps(layers)
    return json.loads(text, object_hook=lambda d: {**d, "rate": 0} if "rate" in d else d)


def walk(layer, prefix=""):
    """All layers with their paths, in order; residual blocks are handed over whole."""
    name = layer.get("name", "")
    if layer["type"] == "sequential":
        inner = f"{prefix}{name}." if name else prefix
        for part in layer["layers"]:
            yield from walk(part, inner)
    else:
        yield layer, prefix + name


class TensorFlow:
    def __init__(self):
        import keras
        import tensorflow as tf

        self.tf, self.keras = tf, keras
        self.version = f"{tf.__version__}, Keras {keras.__version__}"
        gpus = tf.config.list_physical_devices("GPU")
        self.device = "GPU" if gpus else f"CPU, {os.cpu_count()} cores"

    def finish(self):
        """Eager kernels on the processor have run when they return."""

    def array(self, result):
        return result.numpy()

    def operation(self, work, x):
        tf = self.tf
        op, shape = work["op"], work["shape"]
        c = {name: tf.constant(value) for name, value in x.items()}
        if op == "matmul":
            return lambda: [tf.matmul(c["a"], c["b"])]
        if op.startswith("conv2d"):
            strides, padding = [1, shape["stride"], shape["stride"], 1], "SAME" if shape["same"] else "VALID"
            if op == "conv2d":
                return lambda: [tf.nn.conv2d(c["x"], c["kernel"], strides, padding)]
            options = {"strides": strides, "padding": padding}
            if op == "conv2d_input_grad":
                sizes = [shape["n"], shape["h"], shape["w"], shape["cin"]]
                return lambda: [
                    tf.raw_ops.Conv2DBackpropInput(
                        input_sizes=sizes, filter=c["kernel"], out_backprop=c["dy"], **options
                    )
                ]
            sizes = [shape["kernel"], shape["kernel"], shape["cin"], shape["cout"]]
            return lambda: [
                tf.raw_ops.Conv2DBackpropFilter(input=c["x"], filter_sizes=sizes, out_backprop=c["dy"], **options)
            ]
        if op.startswith("max_pool2d"):
            window = [1, shape["window"], shape["window"], 1]
            pool = {"ksize": window, "strides": window, "padding": "VALID"}
            if op == "max_pool2d":
                return lambda: [tf.raw_ops.MaxPool(input=c["x"], **pool)]
            y = tf.raw_ops.MaxPool(input=c["x"], **pool)
            return lambda: [tf.raw_ops.MaxPoolGrad(orig_input=c["x"], orig_output=y, grad=c["dy"], **pool)]
        if op == "softmax_cross_entropy":
            labels = tf.cast(c["labels"], tf.int32)

            @tf.function
            def both():
                with tf.GradientTape() as tape:
                    tape.watch(c["logits"])
                    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, c["logits"])
                    loss = tf.reduce_mean(each)
                return [tf.reshape(loss, [1]), tape.gradient(loss, c["logits"])]

            return both
        if op == "adam":
            variable = self.keras.Variable(c["parameters"])
            optimizer = self.keras.optimizers.Adam(1e-3, epsilon=1e-7)
            optimizer.build([variable])
            update = tf.function(lambda: optimizer.apply([c["gradients"]], [variable]))

            def run():
                update()
                return [variable.value]

            return run
        raise Unsupported(f"'{op}' is not translated for TensorFlow")

    def network(self, layers, inputs):
        keras = self.keras
        k = keras.layers
        pending = []

        def one(layer, path, x):
            kind, act = layer["type"], layer.get("activation")
            if kind == "conv2d":
                made = k.Conv2D(
                    layer["filters"],
                    layer["kernelSize"],
                    strides=layer.get("stride", 1),
                    padding=layer.get("padding", "valid"),
                    activation=act,
                    use_bias=layer.get("bias", True),
                )
                pending.append((made, path, ["kernel"] + (["bias"] if layer.get("bias", True) else [])))
            elif kind == "dense":
                made = k.Dense(layer["units"], activation=act)
                pending.append((made, path, ["kernel", "bias"]))
            elif kind == "batchNorm2d":
                made = k.BatchNormalization(momentum=layer.get("momentum", 0.99), epsilon=layer.get("epsilon", 1e-3))
                pending.append((made, path, ["gamma", "beta"]))
            elif kind == "maxPool2d":
                made = k.MaxPooling2D(layer["window"])
            elif kind == "dropout":
                if layer["rate"] == 0:
                    return x
                made = k.Dropout(layer["rate"])
            elif kind == "flatten":
                made = k.Flatten()
            elif kind == "activation":
                made = k.Activation("relu")
            elif kind == "globalAvgPool":
                made = k.GlobalAveragePooling2D()
            elif kind == "residual":
                body = chain(layer["body"], f"{path}.body.", x)
                other = chain(layer["shortcut"], f"{path}.shortcut.", x) if "shortcut" in layer else x
                added = k.Add()([body, other])
                return k.Activation("relu")(added) if act else added
            else:
                raise Unsupported(f"layer '{kind}' is not translated")
            return made(x)

        def chain(layer, prefix, x):
            for part, path in walk(layer, prefix):
                x = one(part, path, x)
            return x

        start = k.Input(inputs["images"].shape[1:])
        model = keras.Model(start, chain(layers, "", start))
        for layer, path, names in pending:
            for name in names:
                getattr(layer, name).assign(inputs[f"{WEIGHTS}{path}.{name}"])
        return model

    def forward(self, layers, inputs):
        model = self.network(layers, inputs)
        images = self.tf.constant(inputs["images"])
        run = self.tf.function(lambda: model(images, training=False))
        return lambda: [run()]

    def training(self, network, layers, inputs):
        """Keras' own compiled training step, as `fit` runs it, on the same batch again and again."""
        tf, keras = self.tf, self.keras
        o = network["optimizer"]
        model = self.network(layers, inputs)
        optimizer = (
            keras.optimizers.Adam(o["learningRate"], epsilon=1e-7)
            if o["name"] == "adam"
            else keras.optimizers.SGD(o["learningRate"], momentum=o["momentum"])
        )
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        batch = (inputs["images"], inputs["labels"].astype(np.int32))
        data = iter(tf.data.Dataset.from_tensors(batch).repeat())
        step = model.make_train_function()

        def run():
            # What comes back is a running mean; the loss of this step is what a fresh one holds.
            for metric in model.metrics:
                metric.reset_state()
            return [step(data)["loss"]]

        return run


class Torch:
    def __init__(self, cuda, tf32):
        import torch

        if cuda and not torch.cuda.is_available():
            raise Unsupported("PyTorch finds no CUDA device here")
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        self.torch, self.cuda = torch, cuda
        self.place = "cuda" if cuda else "cpu"
        self.version = torch.__version__
        self.device = torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads"

    def finish(self):
        if self.cuda:
            self.torch.cuda.synchronize()

    def array(self, result):
        return result.detach().cpu().numpy()

    def tensor(self, value, order=None):
        if order:
            value = np.ascontiguousarray(value.transpose(order))
        return self.torch.from_numpy(value.copy()).to(self.place)

    NCHW, OIHW = (0, 3, 1, 2), (3, 2, 0, 1)

    @staticmethod
    def ends(size, window, stride):
        """TensorFlow's zero padding of one axis."""
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        return total // 2, total - total // 2

    def padded(self, x, same, window, stride):
        """The picture, padded where the two ends differ, and what the convolution itself is to pad."""
        if not same:
            return x, (0, 0), None
        top, bottom = self.ends(x.shape[2], window, stride)
        left, right = self.ends(x.shape[3], window, stride)
        if (top, left) == (bottom, right):
            return x, (top, left), None
        edges = (left, right, top, bottom)
        return self.torch.nn.functional.pad(x, edges), (0, 0), edges

    def operation(self, work, x):
        torch = self.torch
        f = torch.nn.functional
        op, shape = work["op"], work["shape"]
        if op == "matmul":
            a, b = self.tensor(x["a"]), self.tensor(x["b"])
            return lambda: [torch.matmul(a, b)]
        if op.startswith("conv2d"):
            return self.convolution(op, shape, x)
        if op == "max_pool2d":
            images = self.tensor(x["x"], self.NCHW)
            return lambda: [f.max_pool2d(images, shape["window"]).permute(0, 2, 3, 1)]
        if op == "max_pool2d_grad":
            images, dy = self.tensor(x["x"], self.NCHW), self.tensor(x["dy"], self.NCHW)
            w = [shape["window"]] * 2
            _, indices = f.max_pool2d(images, w, return_indices=True)
            back = torch.ops.aten.max_pool2d_with_indices_backward
            return lambda: [back(dy, images, w, w, [0, 0], [1, 1], False, indices).permute(0, 2, 3, 1)]
        if op == "softmax_cross_entropy":
            logits = self.tensor(x["logits"]).requires_grad_()
            labels = self.tensor(x["labels"]).long()

            def both():
                loss = f.cross_entropy(logits, labels)
                return [loss.reshape(1), torch.autograd.grad(loss, logits)[0]]

            return both
        if op == "adam":
            parameters = torch.nn.Parameter(self.tensor(x["parameters"]))
            parameters.grad = self.tensor(x["gradients"])
            optimizer = torch.optim.Adam([parameters], lr=1e-3, eps=1e-7)

            def run():
                optimizer.step()
                return [parameters]

            return run
        raise Unsupported(f"'{op}' is not translated for PyTorch")

    def convolution(self, op, shape, x):
        torch = self.torch
        stride, window, same = shape["stride"], shape["kernel"], shape["same"]
        size = (shape["n"], shape["cin"], shape["h"], shape["w"])
        images = self.tensor(x["x"], self.NCHW) if "x" in x else torch.zeros(size, device=self.place)
        weights = (
            self.tensor(x["kernel"], self.OIHW)
            if "kernel" in x
            else torch.zeros((shape["cout"], shape["cin"], window, window), device=self.place)
        )
        if op == "conv2d":

            def forward():
                padded, padding, _ = self.padded(images, same, window, stride)
                y = torch.nn.functional.conv2d(padded, weights, stride=stride, padding=padding)
                return [y.permute(0, 2, 3, 1)]

            return forward
        dy = self.tensor(x["dy"], self.NCHW)
        wanted = op == "conv2d_input_grad"

        def backward():
            padded, padding, edges = self.padded(images, same, window, stride)
            dx, dw, _ = torch.ops.aten.convolution_backward(
                dy, padded, weights, None, [stride] * 2, padding, [1, 1], False, [0, 0], 1, [wanted, not wanted, False]
            )
            if not wanted:
                return [dw.permute(2, 3, 1, 0)]
            if edges:
                left, right, top, bottom = edges
                dx = dx[:, :, top : dx.shape[2] - bottom, left : dx.shape[3] - right]
            return [dx.permute(0, 2, 3, 1)]

        return backward

    def network(self, layers, inputs):
        torch = self.torch
        f = torch.nn.functional
        weights = {}
        for name, value in inputs.items():
            if name.startswith(WEIGHTS):
                order = self.OIHW if value.ndim == 4 else None
                weights[name[len(WEIGHTS) :]] = torch.nn.Parameter(self.tensor(value, order))
        running = {}

        def one(layer, path, x, train):
            kind, act = layer["type"], layer.get("activation")
            if kind == "conv2d":
                stride, window = layer.get("stride", 1), layer["kernelSize"]
                x, padding, _ = self.padded(x, layer.get("padding") == "same", window, stride)
                x = f.conv2d(x, weights[f"{path}.kernel"], weights.get(f"{path}.bias"), stride=stride, padding=padding)
            elif kind == "dense":
                x = torch.addmm(weights[f"{path}.bias"], x, weights[f"{path}.kernel"])
            elif kind == "batchNorm2d":
                gamma = weights[f"{path}.gamma"]
                if path not in running:
                    running[path] = (torch.zeros_like(gamma.data), torch.ones_like(gamma.data))
                mean, variance = running[path]
                momentum, epsilon = 1 - layer.get("momentum", 0.99), layer.get("epsilon", 1e-3)
                return f.batch_norm(x, mean, variance, gamma, weights[f"{path}.beta"], train, momentum, epsilon)
            elif kind == "maxPool2d":
                return f.max_pool2d(x, layer["window"])
            elif kind == "dropout":
                return f.dropout(x, layer["rate"], train)
            elif kind == "flatten":
                return x.permute(0, 2, 3, 1).flatten(1)
            elif kind == "activation":
                return f.relu(x)
            elif kind == "globalAvgPool":
                return x.mean((2, 3))
            elif kind == "residual":
                body = chain(layer["body"], f"{path}.body.", x, train)
                x = body + (chain(layer["shortcut"], f"{path}.shortcut.", x, train) if "shortcut" in layer else x)
            else:
                raise Unsupported(f"layer '{kind}' is not translated")
            return f.relu(x) if act == "relu" else x

        def chain(layer, prefix, x, train):
            for part, path in walk(layer, prefix):
                x = one(part, path, x, train)
            return x

        return weights, lambda x, train: chain(layers, "", x, train)

    def forward(self, layers, inputs):
        _, model = self.network(layers, inputs)
        images = self.tensor(inputs["images"], self.NCHW)

        def run():
            with self.torch.no_grad():
                return [model(images, False)]

        return run

    def training(self, network, layers, inputs):
        torch, o = self.torch, network["optimizer"]
        weights, model = self.network(layers, inputs)
        images, labels = self.tensor(inputs["images"], self.NCHW), self.tensor(inputs["labels"]).long()
        optimizer = (
            torch.optim.Adam(weights.values(), lr=o["learningRate"], eps=1e-7)
            if o["name"] == "adam"
            else torch.optim.SGD(weights.values(), lr=o["learningRate"], momentum=o["momentum"])
        )

        def run():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images, True), labels)
            loss.backward()
            optimizer.step()
            return [loss]

        return run


def open_peer(name):
    try:
        if name == "tensorflow":
            return TensorFlow()
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
